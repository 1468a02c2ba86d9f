"""A prepared dataset in a few lines, for whoever waits at the terminal."""

from __future__ import annotations

from collections import Counter
from typing import Any

from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json, read_table

_NOTICED = 0.05  # share of the test images
_SHARED = {
    "same_picture": "a copy",
    "same_burst": "a frame of their burst",
}
_ADVICE = {
    "same_picture": "--split=sequence keeps copies together",
    "same_burst": "--split=sequence keeps bursts together; camtrap leak measures what that costs",
}


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
    return lines + findings["notes"] + findings["split_notes"] + _warnings(findings)


def _warnings(findings: dict[str, Any]) -> list[str]:
    """Says in a sentence each what makes the results of these images doubtful."""
    test, totals = findings["test_images"], findings["totals"]
    lines = []
    for name, words in _SHARED.items():
        shared = test[name]
        if shared and shared["share"] > _NOTICED:
            lines.append(
                f"{shared['images']} of {test['images']} test images have {words} in train; "
                f"{_ADVICE[name]}"
            )
    if totals["two_labels"]["groups"]:
        count = totals["two_labels"]["groups"]
        lines.append(f"{count} pictures are stored under two labels or more; see --conflicts")
    lines += [f"labels that may mean the same: {', '.join(n)}" for n in findings["labels_alike"]]
    clocks = [entry["camera"] for entry in findings["light"]["clocks_in_doubt"]]
    if clocks:
        lines.append(f"cameras whose clock may be set wrongly: {', '.join(map(str, clocks))}")
    advice = findings["strip"]["advice"]
    return [*lines, advice] if advice else lines
