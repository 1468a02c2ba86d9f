"""Finds out by content which format a source has."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camtrap_jax.data.sources.camtrap_dp import check_archive, is_camtrap_dp
from camtrap_jax.data.sources.coco_camera_traps import KEYS, is_coco_camera_traps
from camtrap_jax.data.sources.columns import expected_columns
from camtrap_jax.data.sources.gorongosa import has_seasons
from camtrap_jax.data.sources.json_text import parse_json
from camtrap_jax.data.sources.list_files import find_list_files, is_list_file
from camtrap_jax.data.sources.megadetector import is_megadetector
from camtrap_jax.data.sources.strays import json_note, seen_columns, seen_keys, table_notes
from camtrap_jax.data.sources.table import is_label_table

_TABLES = (".csv", ".tsv")
_HEAD_BYTES = 64


@dataclass(frozen=True, slots=True)
class Found:
    """A source's format, and what its reader takes.

    Attributes:
      format: one of `config.FORMATS`, never "auto".
      path: of the annotations, or of the folder.
      value: the content of a JSON file.
      notes: on files beside it that were not read.
      strays: files beside it that might have been annotations.
    """

    format: str
    path: Path
    value: Any = None
    notes: list[str] = field(default_factory=list)
    strays: list[str] = field(default_factory=list)

    def explained(self, error: ValueError) -> ValueError:
        """Returns a reader's error, with what else there was to read."""
        if not self.strays:
            return error
        return ValueError(
            f"{error}; {', '.join(self.strays)}: no annotations, which are COCO Camera Traps JSON "
            f"or a CSV file with {expected_columns()}"
        )


@dataclass(slots=True)
class _Json:
    """What JSON files are."""

    annotations: list[Found] = field(default_factory=list)
    detections: list[Path] = field(default_factory=list)
    others: list[tuple[Path, Any]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)  # of those that cannot be read


def detect(source: Path) -> Found:
    """Returns the format of a folder or file.

    Raises:
      ValueError: it has none, or several; one line that says what is there and what is expected.
      OSError: something in it cannot be opened.
    """
    return _detect_in_folder(source) if source.is_dir() else _detect_file(source)


def find_coco_camera_traps(source: Path) -> Found:
    """Returns the one annotation file that a folder holds, or that `source` is.

    Raises:
      ValueError: there is none, or there are several; one line.
    """
    files = _files(source, ".json") if source.is_dir() else [source]
    found = _read_json_files(files)
    if found.annotations:
        return _only(source, found.annotations)
    _raise_problem(source, found)
    if found.detections:
        raise ValueError(_wrong_flag(found.detections[0]))
    keys = {file: f" with {seen_keys(value)}" for file, value in found.others}
    seen = ", ".join(file.name + keys.get(file, "") for file in files) or "no JSON file"
    raise ValueError(
        f"{source}: expected COCO Camera Traps JSON, an object with the lists {', '.join(KEYS)}; "
        f"got {seen}"
    )


def find_label_table(source: Path) -> Found:
    """Returns the one CSV file of labels that a folder holds, or `source` itself.

    Raises:
      ValueError: there is none, or there are several; one line.
      OSError: one cannot be opened.
    """
    if source.is_file():
        return Found("csv", source)
    files = _files(source, *_TABLES)
    tables = [Found("csv", file) for file in files if is_label_table(file)]
    if tables:
        return _only(source, tables)
    seen = ", ".join(f"{file.name} with {seen_columns(file)}" for file in files) or "no CSV file"
    raise ValueError(f"{source}: expected a CSV file with {expected_columns()}; got {seen}")


def _detect_in_folder(source: Path) -> Found:
    descriptor, tables = source / "datapackage.json", _files(source, *_TABLES)
    json_files = _read_json_files(set(_files(source, ".json")) - {descriptor})
    found = [*json_files.annotations]
    found += [Found("csv", file) for file in tables if is_label_table(file)]
    if is_camtrap_dp(source):
        found.append(Found("camtrap_dp", descriptor))
    lists = find_list_files(source)
    if lists and not found:
        return Found("gorongosa", source)
    found += [Found("gorongosa", file) for file in lists]
    if found:
        return _only(source, found)
    _raise_problem(source, json_files)
    strays = [file.name for file in (*tables, *_files(source, ".json"))]
    kind = "gorongosa" if has_seasons(source) else "folder"
    notes = [f"{file.name} has boxes for --boxes and no labels" for file in json_files.detections]
    notes += table_notes(source, tables, kind)
    notes += [json_note(file, value, kind) for file, value in json_files.others]
    return Found(kind, source, notes=notes, strays=strays)


def _detect_file(source: Path) -> Found:
    check_archive(source)
    if zipfile.is_zipfile(source) or source.name == "datapackage.json":
        if is_camtrap_dp(source):
            return Found("camtrap_dp", source)
        raise ValueError(
            f"{source}: expected a Camtrap DP package, got an archive without datapackage.json; "
            "unpack pictures, save a spreadsheet as CSV"
        )
    with source.open("rb") as stream:
        head = stream.read(_HEAD_BYTES).lstrip(b"\xef\xbb\xbf \t\r\n")
    if source.suffix.casefold() == ".json" or head[:1] in (b"{", b"["):
        return find_coco_camera_traps(source)
    if source.suffix.casefold() in _TABLES or is_label_table(source):
        return Found("csv", source)
    if is_list_file(source):
        return Found("gorongosa", source)
    raise ValueError(
        f"{source}: expected a folder of pictures, COCO Camera Traps JSON, a Camtrap DP package, a "
        f"CSV file with {expected_columns()}, or a list with lines `path label`; got none of them"
    )


def _files(folder: Path, *suffixes: str) -> list[Path]:
    named = (path for path in folder.iterdir() if path.suffix.casefold() in suffixes)
    return sorted(path for path in named if path.is_file() and not path.name.startswith("."))


def _read_json_files(files: Iterable[Path]) -> _Json:
    found = _Json()
    for file in sorted(files):
        try:
            value = parse_json(file.read_bytes(), str(file))
        except OSError as error:
            found.problems.append(f"{file}: cannot be opened: {error.strerror or error}")
            continue
        except ValueError as error:
            found.problems.append(str(error))
            continue
        if is_coco_camera_traps(value):
            found.annotations.append(Found("coco_camera_traps", file, value))
        elif is_megadetector(value):
            found.detections.append(file)
        else:
            found.others.append((file, value))
    return found


def _raise_problem(source: Path, found: _Json) -> None:
    """Refuses a JSON file that cannot be read: it may be the annotations."""
    if found.problems:
        hint = "; without annotations use --format=folder" if source.is_dir() else ""
        raise ValueError(found.problems[0] + hint)


def _wrong_flag(file: Path) -> str:
    return (
        f"{file}: has MegaDetector results, boxes without labels; give it as --boxes, and the "
        "pictures' folder or annotations as --source"
    )


def _only(source: Path, found: Sequence[Found]) -> Found:
    if len(found) > 1:
        names = ", ".join(each.path.name for each in found)
        raise ValueError(f"{source}: several annotation files ({names}); give one as --source")
    return found[0]
