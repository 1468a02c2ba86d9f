"""Reads the folder layouts and annotation files that camera-trap pictures come with."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from camtrap_jax.config import FORMATS
from camtrap_jax.data.sources.camtrap_dp import read_camtrap_dp
from camtrap_jax.data.sources.coco_camera_traps import read_coco_camera_traps
from camtrap_jax.data.sources.detection import (
    Found,
    detect,
    find_coco_camera_traps,
    find_label_table,
)
from camtrap_jax.data.sources.files import Failure, printable
from camtrap_jax.data.sources.folder import read_folder
from camtrap_jax.data.sources.gorongosa import read_gorongosa
from camtrap_jax.data.sources.listing import Box, SourceImage, SourceListing
from camtrap_jax.data.sources.table import read_label_table

__all__ = ["Box", "Failure", "SourceImage", "SourceListing", "read_source"]

_FINDERS = {
    "auto": detect,
    "coco_camera_traps": find_coco_camera_traps,
    "csv": find_label_table,
}
_READERS = {
    "folder": lambda found: read_folder(found.path),
    "csv": lambda found: read_label_table(found.path),
    "coco_camera_traps": lambda found: read_coco_camera_traps(found.path, found.value),
    "camtrap_dp": lambda found: read_camtrap_dp(found.path),
    "gorongosa": lambda found: read_gorongosa(found.path),
}


def read_source(source: Path, format: str = "auto") -> SourceListing:  # noqa: A002
    """Lists a source's pictures and labels; opens no picture.

    Args:
      source: a folder, or an annotation file with the pictures beside it; for "tfds" the name of a
        TFDS data set.
      format: one of `config.FORMATS`; "auto" decides by what is there.

    Raises:
      ValueError: the source does not exist, is empty or is not of the format; one line.
    """
    if format not in FORMATS:
        raise ValueError(f"--format: expected {', '.join(FORMATS)}, got {format!r}")
    if format == "tfds":
        # TensorFlow's data sets take seconds to import.
        from camtrap_jax.data.sources.tfds_examples import read_tfds  # noqa: PLC0415

        return read_tfds(str(source))
    try:
        return _read(source, format)
    except OSError as error:
        place = error.filename or source
        reason = f"{place}: cannot be opened: {error.strerror or error}"
    except ValueError as error:
        reason = str(error)
    raise ValueError(printable(reason))  # names of files may have line breaks


def _read(source: Path, format: str) -> SourceListing:  # noqa: A002
    if not source.exists():
        raise ValueError(
            f"{source}: no such file or folder; --source names the pictures' folder, or with "
            "--format=tfds a data set"
        )
    if not (source.is_dir() or source.is_file()):
        raise ValueError(f"{source}: expected a folder or a plain file")
    if format == "folder" and not source.is_dir():
        raise ValueError(f"{source}: expected a folder, got a file; see --format")
    found = _FINDERS[format](source) if format in _FINDERS else Found(format, source)
    try:
        listing = _READERS[found.format](found)
    except ValueError as error:
        raise found.explained(error) from None
    return dataclasses.replace(listing, notes=[*found.notes, *listing.notes])
