"""Tells whether a dataset was already prepared from the same pictures with the same settings."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from camtrap_jax.config import DataConfig, config_differences
from camtrap_jax.data.sources import SourceListing
from camtrap_jax.data.sources.storage import Storage
from camtrap_jax.run_folder import PREPARED as FILE
from camtrap_jax.store import hash_file, read_json

_REFUSED = ("layout", "settings")  # the source itself may have moved
_PIXELS = ("crop_bottom", "short_side", "keep_exif")
# What these do is part of the listing: how files were found, and the boxes themselves.
_IN_LISTING = ("format", "boxes", "box_confidence")


def preparation(
    source: Path, listing: SourceListing, config: DataConfig, *, people: Iterable[str] = ()
) -> dict[str, Any]:
    """Describes a preparation as JSON.

    The pictures count by name, label, size and time of change, not by content: seconds for 100,000
    files.
    """
    settings = dataclasses.asdict(config)
    content, times = hashlib.sha256(), hashlib.sha256()
    for entry in listing.images:
        num_bytes, modified_ns = listing.storage.stamp(entry.filepath)
        content.update(repr((dataclasses.astuple(entry), num_bytes)).encode())
        times.update(b"%d " % modified_ns)
    content.update(repr(sorted(people)).encode())
    return {
        "source": str(listing.storage.root if source.exists() else source),
        "layout": listing.layout,
        "settings": {name: settings[name] for name in settings if name not in _IN_LISTING},
        "listing": content.hexdigest()[:16],
        "times": times.hexdigest()[:16],
    }


def written_files(folder: Path, unopened: Iterable[str]) -> dict[str, Any]:
    """Describes what a preparation wrote, so that a damaged dataset is noticed.

    Args:
      folder: the complete dataset.
      unopened: files of the source that could not be opened, which may be better next time.
    """
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        "sizes": {path.relative_to(folder).as_posix(): path.stat().st_size for path in files},
        "manifest_sha256": hash_file(folder / "manifest.csv"),
        "unopened": sorted(unopened),
    }


def changed_files(dataset: Path, found: dict[str, Any]) -> list[str]:
    """Names files that are missing or of another size."""

    def size(name: str) -> int:
        path = dataset / name
        return path.stat().st_size if path.is_file() else -1

    return [name for name, expected in found.get("sizes", {}).items() if size(name) != expected]


def pixel_settings(config: DataConfig) -> dict[str, Any]:
    """Returns what the kept JPEGs depend on besides their files."""
    return {name: getattr(config, name) for name in _PIXELS}


def needs_preparing(
    dataset: Path,
    wanted: dict[str, Any],
    storage: Storage,
    *,
    overwrite: bool = False,
    may_change: bool = True,
) -> bool:
    """Tells whether `dataset` is to be written; False where it holds what is wanted.

    Args:
      dataset: the folder.
      wanted: the preparation.
      storage: of the source.
      overwrite: whether a dataset of other settings may be replaced.
      may_change: whether one of fewer, more or other pictures may be.

    Raises:
      ValueError: it holds something else that may not be replaced.
    """
    if not dataset.exists() or (dataset.is_dir() and not any(dataset.iterdir())):
        return True
    if not (dataset / FILE).exists():
        raise ValueError(
            f"{dataset}: exists and is no prepared dataset; give another --dataset, or remove it"
        )
    if overwrite:
        return True
    found = read_json(dataset / FILE)
    if not isinstance(found, dict):
        raise ValueError(f"{dataset / FILE}: damaged; --overwrite makes the dataset anew")
    _check_same(dataset, found, wanted, may_change=may_change)
    if found.get("listing") != wanted["listing"] or changed_files(dataset, found):
        return True
    is_better = any(not _problem(storage, path) for path in found.get("unopened", []))
    return may_change and (is_better or found.get("times") != wanted["times"])


def _check_same(
    dataset: Path, found: dict[str, Any], wanted: dict[str, Any], *, may_change: bool
) -> None:
    manifest = dataset / "manifest.csv"
    changed = [_difference(name, found.get(name), wanted[name]) for name in _REFUSED]
    if not may_change and found.get("listing") != wanted["listing"]:
        changed.append("the pictures or labels differ")
    if manifest.exists() and hash_file(manifest) != found.get("manifest_sha256"):
        changed.append("manifest.csv was edited since, and its rows may fit the records no more")
    if any(changed):
        raise ValueError(
            f"{dataset}: was prepared from {found.get('source')} otherwise "
            f"({'; '.join(filter(None, changed))}); give another folder, or --overwrite to "
            "make it anew"
        )


def _problem(storage: Storage, filepath: str) -> str:
    try:
        storage.read(filepath)
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def _difference(name: str, before: Any, now: Any) -> str:
    if isinstance(before, dict) and isinstance(now, dict):
        return ", ".join(config_differences({"data": before}, {"data": now}))
    return "" if before == now else f"{name}: {before!r} -> {now!r}"
