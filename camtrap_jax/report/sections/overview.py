"""The head of the page: what was studied, the headline numbers, and what to be careful about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.report.numbers import number
from camtrap_jax.report.results import Results
from camtrap_jax.store import read_json

NETWORKS = {"vgg16": "VGG-16", "resnet50": "ResNet-50"}
NIGHT_FROM, NIGHT_UNTIL = 18, 6  # hours


def overview_section(results: Results) -> dict[str, Any]:
    """Describes the dataset and the network, and collects the headline numbers."""
    manifest, model = results.manifest, results.config.model
    dataset, metrics = results.run.dataset, results.json("evaluate/metrics.json")
    audit_path = dataset.root / "audit.json"
    audit = read_json(audit_path) if audit_path.is_file() else {}
    return {
        "network": NETWORKS.get(model.name, model.name),
        "width": model.width,
        "input_px": model.image_size,
        "images": len(manifest),
        "known": len(dataset.classes),
        "unknown": len(dataset.unknown),
        "cameras": manifest.loc[manifest["camera"] != "", "camera"].nunique(),
        "synthetic": is_synthetic(results),
        "overall": metrics.get("overall_accuracy"),
        "mean_species": metrics.get("mean_species_accuracy"),
        "cophenetic": results.json("tree/tree.json").get("cophenetic_correlation"),
        "novelty": _novelty_counts(results.table("novelty/unfamiliarity.csv")),
        "novelty_of_rounds": results.json("novelty/novelty.json").get("unknown_above_of_rounds"),
        "burst_share": _share(audit, "same_burst", burst_share(manifest)),
        "near_share": _share(audit, "near_duplicate", np.nan),
        "copied_tests": ((audit.get("test_images") or {}).get("same_picture") or {}).get("images"),
        "night_share": night_share(list(manifest["datetime"])),
        "camera_bound": audit.get("camera_bound_species", []),
        "two_labels": _groups(audit, "two_labels"),
        "duplicates": _groups(audit, "duplicates"),
        "doubtful_labels": _groups(audit, "near_duplicates_two_labels"),
        "clocks": [entry["camera"] for entry in audit.get("light", {}).get("clocks_in_doubt", [])],
        "strip_advice": _strip_advice(audit),
    }


def is_synthetic(results: Results) -> bool:
    """Tells whether the pictures were drawn with a planted truth."""
    source = results.run.source
    planted = source is not None and (source / "truth.json").is_file()
    return planted or bool(results.json("truth/truth.json"))


def burst_share(manifest: pd.DataFrame) -> float:
    """Share of test images whose burst also has training images; nan without bursts or tests."""
    test = manifest.loc[manifest["split"] == "test", "sequence"]
    if test.empty or (test == "").all():
        return float("nan")
    trained = set(manifest.loc[manifest["split"] == "train", "sequence"]) - {""}
    return float(test.isin(trained).mean())


def night_share(datetimes: list[str]) -> float:
    """Share of the dated images taken from 18:00 until 06:00; nan if none is dated."""
    times = pd.to_datetime(pd.Series(datetimes, dtype="str"), errors="coerce", format="ISO8601")
    hours = times.dropna().dt.hour.to_numpy()
    return float(np.mean((hours >= NIGHT_FROM) | (hours < NIGHT_UNTIL))) if len(hours) else np.nan


def _share(audit: dict[str, Any], kind: str, otherwise: float) -> float:
    """Share of test images that have something in common with train, as the audit has it."""
    found = (audit.get("test_images") or {}).get(kind)
    return otherwise if found is None else number(found["share"])


def _groups(audit: dict[str, Any], kind: str) -> int:
    """Counts all findings of a kind; of an older dataset those that are listed, which are all."""
    return audit.get("totals", {}).get(kind, {}).get("groups", len(audit.get(kind, [])))


def _strip_advice(audit: dict[str, Any]) -> str:
    """What to do about an information strip that the network can read."""
    strip = audit.get("strip", {})
    return "" if strip.get("covered", True) else strip["advice"]


def _novelty_counts(table: pd.DataFrame | None) -> dict[str, int] | None:
    """Counts the unknown species that have a verdict, and those above the threshold."""
    if table is None:
        return None
    verdicts = [number(v) for v in table.loc[table["role"] == "unknown", "above_threshold"]]
    return {"unknown": sum(v in (0.0, 1.0) for v in verdicts), "above": verdicts.count(1.0)}
