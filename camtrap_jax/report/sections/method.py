"""How the results were made: settings, versions, counts, training, checks against the truth."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import pandas as pd

from camtrap_jax.config import config_to_dict
from camtrap_jax.report.figures import training_curves
from camtrap_jax.report.numbers import number
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results

SPLITS = ("train", "val", "test", "unknown")
CURVES = {"val_accuracy": "overall", "val_mean_species_accuracy": "mean over species"}


def method_section(results: Results, pictures: Pictures) -> dict[str, Any]:
    """Collects what someone needs to judge or repeat the study."""
    failures = results.run.dataset.root / "failures.csv"
    damaged = results.run.root / "explain" / "failures.csv"
    provenance = results.json("provenance.json")
    return {
        "settings": _settings(results),
        "versions": provenance.get("versions", {}),
        "facts": {
            name: _without_folders(provenance.get(name))
            for name in ("commit", "python", "platform", "dataset")
        },
        "counts": _counts(results.manifest),
        "splits": SPLITS,
        "failures": _num_rows(failures) if failures.is_file() else None,
        "damaged": _num_rows(damaged) if damaged.is_file() else 0,
        "curve": _curve(results, pictures),
        "checks": results.json("truth/truth.json") or [],
    }


def read_metrics(lines: list[str]) -> list[dict[str, Any]]:
    """Reads JSON lines; a last line cut short by a killed process is left out."""
    entries = []
    for line in lines:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(entry, dict):
            entries.append(entry)
    return entries


def series(entries: list[dict[str, Any]], name: str) -> tuple[list[float], list[float]]:
    """Returns the steps at which `name` was recorded, and its finite values."""
    points = [(number(entry.get("step")), number(entry.get(name))) for entry in entries]
    points = [point for point in points if not any(math.isnan(value) for value in point)]
    return [step for step, _ in points], [value for _, value in points]


def _curve(results: Results, pictures: Pictures) -> dict[str, str] | None:
    name = "train/metrics.jsonl"
    if name not in results.files:
        return None
    entries = read_metrics((results.run.root / name).read_text(encoding="utf-8").splitlines())
    curves = {label: series(entries, key) for key, label in CURVES.items()}
    loss = series(entries, "loss")
    if not loss[0]:
        return None
    shown = {label: points for label, points in curves.items() if points[0]}
    return pictures.save_figure(training_curves(loss, shown), "training")


def _settings(results: Results) -> list[dict[str, Any]]:
    """Lists each section of the config with its settings as text."""
    return [
        {
            "section": section,
            "values": {name: _without_folders(value) for name, value in values.items()},
        }
        for section, values in config_to_dict(results.config).items()
    ]


def _without_folders(value: Any) -> Any:
    """Keeps only the last part of a path: folders above it name people and machines."""
    if isinstance(value, tuple | list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, str) and ("/" in value or "\\" in value):
        return value.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]
    return value


def _counts(manifest: pd.DataFrame) -> list[dict[str, Any]]:
    """Counts images per species and split, the known species first, then by number."""
    images = Counter(zip(manifest["role"], manifest["species"], manifest["split"], strict=True))
    species = {(role, name) for role, name, _ in images if role in ("known", "unknown")}
    rows = []
    for role, name in sorted(species):
        splits = {split: images[role, name, split] for split in SPLITS}
        rows.append({"role": role, "species": name, **splits, "total": sum(splits.values())})
    return sorted(rows, key=lambda row: (row["role"], -row["total"]))


def _num_rows(path: Path) -> int:
    return len(pd.read_csv(path, dtype=str, keep_default_na=False))
