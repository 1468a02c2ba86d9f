"""A prepared dataset in a few lines, for whoever waits at the terminal."""

from __future__ import annotations

from collections import Counter

from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json, read_table


def summary(dataset: DatasetFolder) -> list[str]:
    """Says how many images of what were prepared, what was set aside, and what to look at."""
    manifest = dataset.manifest
    studied = manifest[manifest["role"].isin(["known", "unknown"])]
    splits = Counter(studied["split"])
    cameras = studied.loc[studied["camera"] != "", "camera"].nunique()
    counts = ", ".join(f"{name} {splits[name]}" for name in ("train", "val", "test"))
    unknown = f" and {len(dataset.unknown)} unknown" if dataset.unknown else ""
    lines = [
        f"{len(studied)} images of {len(dataset.classes)} known{unknown} species at "
        f"{cameras} cameras; {counts}"
    ]
    aside = Counter(manifest.loc[~manifest.index.isin(studied.index), "species"])
    if aside:
        lines.append("set aside: " + ", ".join(f"{name} {aside[name]}" for name in sorted(aside)))
    failures = read_table(dataset.root / "failures.csv")
    if len(failures):
        first = failures.iloc[0]
        lines.append(
            f"failures.csv: {len(failures)} rows, the first {first['filepath']}: {first['reason']}"
        )
    findings = read_json(dataset.root / "audit.json")
    return lines + findings.get("notes", []) + findings.get("split_notes", [])
