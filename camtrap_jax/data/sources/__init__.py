"""Reads the folder layouts and annotation files that camera-trap pictures come with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from camtrap_jax.data.sources.coco_camera_traps import (
    KEYS,
    is_coco_camera_traps,
    read_coco_camera_traps,
)
from camtrap_jax.data.sources.folder import read_folder
from camtrap_jax.data.sources.listing import Box, Failure, SourceImage, SourceListing
from camtrap_jax.store import read_json

__all__ = ["Box", "Failure", "SourceImage", "SourceListing", "read_source"]


def read_source(source: Path, format: str = "auto") -> SourceListing:  # noqa: A002
    """Lists a source's pictures and labels; opens no picture.

    Args:
      source: a folder, or an annotation file with the pictures beside it.
      format: "folder", "coco_camera_traps", or "auto" to decide by what is there.

    Raises:
      ValueError: the source does not exist, is empty or is not of the format; one line.
    """
    if not source.exists():
        raise ValueError(f"{source}: no such file or folder; --source names the pictures' folder")
    if format == "folder":
        if not source.is_dir():
            raise ValueError(f"{source}: expected a folder, got a file; see --format")
        return read_folder(source)
    if format not in ("auto", "coco_camera_traps"):
        raise ValueError(f"--format: expected auto, folder or coco_camera_traps, got {format!r}")
    annotations = _find_annotations(source, format)
    if annotations is None:
        return read_folder(source)
    return read_coco_camera_traps(*annotations)


def _find_annotations(source: Path, format: str) -> tuple[Path, dict[str, Any]] | None:  # noqa: A002
    """Returns the COCO Camera Traps file and its content; None: `source` is a folder without."""
    files = sorted(source.glob("*.json")) if source.is_dir() else [source]
    hint = "" if source.is_file() else "; without annotations use --format=folder"
    found = []
    for file in files:
        try:
            value = read_json(file)
        except ValueError as error:
            raise ValueError(f"{error}{hint}") from None
        if is_coco_camera_traps(value):
            found.append((file, value))
    if len(found) > 1:
        names = ", ".join(file.name for file, _ in found)
        raise ValueError(f"{source}: several annotation files ({names}); give one as --source")
    if found:
        return found[0]
    if source.is_dir() and format == "auto":
        return None
    seen = ", ".join(file.name for file in files) or "no JSON file"
    raise ValueError(
        f"{source}: expected COCO Camera Traps JSON, an object with the lists {', '.join(KEYS)}; "
        f"got {seen}"
    )
