"""What a data set looks like before anything is trained on it: `audit.json`."""

from __future__ import annotations

from typing import Any

import pandas as pd

_SMALL = 30  # a species below has at most three test images
_BOUND = 0.8  # share of a species' images at one camera


def audit(manifest: pd.DataFrame) -> dict[str, Any]:
    """Counts images, and lists what makes results doubtful.

    Args:
      manifest: the table of all images.

    Returns:
      JSON-like: counts per species, camera, role and split; pictures stored under two labels and
      exact duplicates (same bytes); species bound to one camera; small species; images without
      a time.
    """
    species = manifest[manifest["role"].isin(["known", "unknown"])]
    counts = species["species"].value_counts()
    return {
        "images": len(manifest),
        "files": int(manifest["filepath"].nunique()),
        "roles": _counts(manifest["role"]),
        "splits": _counts(manifest.loc[manifest["split"] != "", "split"]),
        "species": _counts(species["species"]),
        "cameras": _counts(manifest.loc[manifest["camera"] != "", "camera"]),
        "split_species": _nested_counts(manifest[manifest["role"] == "known"]),
        "without_camera": int((manifest["camera"] == "").sum()),
        "without_datetime": int((manifest["datetime"] == "").sum()),
        "small_species": {str(name): int(n) for name, n in counts.items() if n < _SMALL},
        "camera_bound_species": _camera_bound(species),
        "duplicates": _duplicates(manifest),
        "two_labels": _two_labels(manifest),
    }


def _counts(column: pd.Series) -> dict[str, int]:
    return {str(name): int(count) for name, count in column.value_counts().sort_index().items()}


def _nested_counts(known: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Returns species -> split -> images."""
    return {str(name): _counts(rows["split"]) for name, rows in known.groupby("species")}


def _camera_bound(species: pd.DataFrame) -> list[dict[str, Any]]:
    """Lists species of which one camera of several took most images."""
    placed = species[species["camera"] != ""]
    if placed["camera"].nunique() < 2:
        return []
    bound = []
    for name, cameras in placed.groupby("species")["camera"]:
        counts = cameras.value_counts().sort_index()
        share = counts.max() / len(cameras)
        if share >= _BOUND and len(cameras) >= 3:
            bound.append(
                {
                    "species": str(name),
                    "camera": str(counts.idxmax()),
                    "images": int(counts.max()),
                    "share": float(share),
                }
            )
    return bound


def _duplicates(manifest: pd.DataFrame) -> list[list[str]]:
    """Lists groups of different files with the same bytes."""
    files = manifest.drop_duplicates("filepath")
    groups = files[files.duplicated("sha256", keep=False)].groupby("sha256", sort=False)
    return [rows["filepath"].tolist() for _, rows in groups]


def _two_labels(manifest: pd.DataFrame) -> list[dict[str, Any]]:
    """Lists pictures, by their bytes, that are stored under several labels."""
    groups = manifest[manifest.duplicated("sha256", keep=False)].groupby("sha256", sort=False)
    return [
        {"species": sorted(set(rows["species"])), "image_ids": rows["image_id"].tolist()}
        for _, rows in groups
        if rows["species"].nunique() > 1
    ]
