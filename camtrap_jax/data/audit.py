"""What a data set looks like before anything is trained on it: `audit.json`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

import pandas as pd

_SMALL = 30  # a species below has at most three test images
_BOUND = 0.8  # share of a species' images at one camera
_FEWEST = 5  # images from which on a share says something


def audit(manifest: pd.DataFrame) -> dict[str, Any]:
    """Counts images, and lists what makes results doubtful.

    Args:
      manifest: the table of all images.

    Returns:
      JSON-like: counts per species, camera, role and split; images without camera or time; small
      species; species bound to one camera; exact duplicates (same bytes, same label); pictures
      stored under two labels, with a file for each; labels that differ in case or spaces only.
    """
    rows = manifest.astype(object).to_dict("records")
    animals = [row for row in rows if row["role"] in ("known", "unknown")]
    species = _counts(row["species"] for row in animals)
    return {
        "images": len(rows),
        "files": len({row["filepath"] for row in rows}),
        "roles": _counts(row["role"] for row in rows),
        "splits": _counts(row["split"] for row in rows if row["split"]),
        "species": species,
        "cameras": _counts(row["camera"] for row in rows if row["camera"]),
        "known_species_splits": {
            name: _counts(row["split"] for row in group)
            for name, group in _groups(animals, "species").items()
            if group[0]["role"] == "known"
        },
        "without_camera": sum(not row["camera"] for row in rows),
        "without_datetime": sum(not row["datetime"] for row in rows),
        "small_species": {name: count for name, count in species.items() if count < _SMALL},
        "camera_bound_species": _camera_bound(animals),
        "duplicates": _duplicates(rows),
        "two_labels": _two_labels(rows),
        "labels_alike": _alike(row["species"] for row in rows),
    }


def _counts(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _groups(rows: list[dict], column: str) -> dict[str, list[dict]]:
    """Collects rows by their value of a column, values in order."""
    groups = defaultdict(list)
    for row in rows:
        groups[row[column]].append(row)
    return dict(sorted(groups.items()))


def _camera_bound(animals: list[dict]) -> list[dict[str, Any]]:
    """Lists species of which one camera of several took most images."""
    placed = [row for row in animals if row["camera"]]
    if len({row["camera"] for row in placed}) < 2:
        return []
    bound = []
    for name, group in _groups(placed, "species").items():
        camera, count = Counter(row["camera"] for row in group).most_common(1)[0]
        share = count / len(group)
        if share >= _BOUND and len(group) >= _FEWEST:
            bound.append({"species": name, "camera": camera, "images": count, "share": share})
    return bound


def _duplicates(rows: list[dict]) -> list[list[str]]:
    """Lists groups of different files with the same bytes and the same label."""
    groups = defaultdict(set)
    for row in rows:
        groups[row["sha256"], row["species"]].add(row["filepath"])
    return sorted(sorted(files) for files in groups.values() if len(files) > 1)


def _two_labels(rows: list[dict]) -> list[dict[str, Any]]:
    """Lists pictures, by their bytes, that are stored under several labels."""
    pairs = []
    for group in _groups(rows, "sha256").values():
        species = sorted({row["species"] for row in group})
        if len(species) > 1:
            pairs.append(
                {
                    "species": species,
                    "filepaths": [row["filepath"] for row in group],
                    "image_ids": [row["image_id"] for row in group],
                }
            )
    return sorted(pairs, key=lambda pair: pair["filepaths"])


def _alike(labels: Iterable[str]) -> list[list[str]]:
    groups = defaultdict(set)
    for label in labels:
        groups["".join(re.split(r"[\s_-]+", label.casefold()))].add(label)
    return sorted(sorted(names) for names in groups.values() if len(names) > 1)
