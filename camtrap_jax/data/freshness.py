"""Tells whether a dataset was already prepared from the same pictures with the same settings."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from camtrap_jax.config import DataConfig
from camtrap_jax.data.sources import SourceListing
from camtrap_jax.store import hash_json, read_json

FILE = "prepare.json"
_COMPARED = ("listing", "layout", "settings")  # the source itself may have moved


def preparation(source: Path, listing: SourceListing, config: DataConfig) -> dict[str, Any]:
    """Describes a preparation as JSON.

    The pictures count by name, label and size, not by content: seconds for 100,000 files.
    """
    entries = [
        [*dataclasses.astuple(entry), _num_bytes(listing.root / entry.filepath)]
        for entry in listing.images
    ]
    return {
        "source": str(source.resolve()),
        "layout": listing.layout,
        "settings": dataclasses.asdict(config),
        "listing": hash_json(entries),
    }


def is_prepared(dataset: Path, wanted: dict[str, Any], *, overwrite: bool = False) -> bool:
    """Tells whether `dataset` holds the result of a preparation; False where it may be written.

    Raises:
      ValueError: it holds something else.
    """
    if not dataset.exists() or (dataset.is_dir() and not any(dataset.iterdir())):
        return False
    if not (dataset / FILE).exists():
        raise ValueError(
            f"{dataset}: exists and is no prepared dataset; give another --dataset, or remove it"
        )
    if overwrite:
        return False
    found = read_json(dataset / FILE)
    changed = [_difference(name, found, wanted) for name in _COMPARED]
    if any(changed):
        raise ValueError(
            f"{dataset}: was prepared from {found.get('source')} otherwise "
            f"({'; '.join(filter(None, changed))}); give another --dataset, or --overwrite to "
            "prepare it anew"
        )
    return True


def _difference(name: str, found: dict[str, Any], wanted: dict[str, Any]) -> str:
    before, now = found.get(name), wanted[name]
    if before == now:
        return ""
    if name == "listing":
        return "the pictures or labels differ"
    if isinstance(before, dict) and isinstance(now, dict):
        names = [key for key in {**before, **now} if before.get(key) != now.get(key)]
        return ", ".join(f"data.{key}: {before.get(key)!r} -> {now.get(key)!r}" for key in names)
    return f"{name}: {before!r} -> {now!r}"


def _num_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:  # read_picture says why
        return -1
