"""Annotations in COCO Camera Traps JSON, next to the pictures or to a folder `images`.

A picture with several species is listed once under each. Ids and locations may be strings or
numbers. Lines that cannot be used are failures; a file that is not of this format is an error.
"""

from __future__ import annotations

from pathlib import Path, PureWindowsPath
from typing import Any

from camtrap_jax.data.sources.coco_labels import (
    Label,
    check_entries,
    read_categories,
    read_labels,
)
from camtrap_jax.data.sources.files import Failure, file_problems
from camtrap_jax.data.sources.listing import SourceImage, SourceListing, sort_images
from camtrap_jax.data.sources.storage import FolderStorage
from camtrap_jax.data.sources.times import parse_times
from camtrap_jax.data.sources.unlisted import unlisted_in_folder
from camtrap_jax.data.sources.values import (
    parse_frame,
    parse_key,
    parse_path,
    parse_size,
    shown,
    union_box,
)

KEYS = ("images", "annotations", "categories")


def is_coco_camera_traps(value: Any) -> bool:
    """Tells whether parsed JSON has the three lists of this format."""
    return isinstance(value, dict) and all(isinstance(value.get(key), list) for key in KEYS)


def read_coco_camera_traps(file: Path, value: dict[str, Any]) -> SourceListing:
    """Lists the pictures that an annotation file names.

    Args:
      file: the JSON file; pictures are looked for beside it.
      value: its content.

    Raises:
      ValueError: an entry lacks a field, or two pictures or two categories have the same id.
    """
    storage = FolderStorage(file.parent.resolve())
    check_entries(file, "images", value["images"], ("id", "file_name"))
    categories = read_categories(file, value["categories"])
    entries = _images_by_id(file, value["images"])
    prefix = _picture_folder(storage.root, value["images"])
    filepaths = {key: _filepath(prefix, entry["file_name"]) for key, entry in entries.items()}
    labels, failures = read_labels(file, value["annotations"], filepaths, categories)
    usable, unusable = _usable(storage.root, entries, filepaths, labels)
    times = parse_times([entries[key].get("datetime") for key in usable])
    listed: dict[tuple[str, str], SourceImage] = {}
    for index, key in enumerate(usable):
        filepath, entry = filepaths[key], entries[key]
        for problem in _unused_fields(entry, times.problems.get(index, "")):
            failures.append(Failure(filepath, f"{problem}; the picture is kept without it"))
        for species, label in labels[key].items():
            if (filepath, species) in listed:
                failures.append(Failure(filepath, f"listed twice as {species!r}, kept once"))
                continue
            listed[filepath, species] = _source_image(
                filepath, species, entry, label, times.texts[index]
            )
    paths = frozenset(filepaths.values())
    unlisted = unlisted_in_folder(storage.root, paths, file.name, below=prefix)
    return SourceListing(
        storage=storage,
        layout="coco_camera_traps",
        images=sort_images(list(listed.values())),
        failures=failures + unusable,
        notes=times.notes + unlisted,
    )


def _images_by_id(file: Path, entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    images: dict[str, dict[str, Any]] = {}
    for index, entry in enumerate(entries):
        other = images.setdefault(parse_key(entry["id"]), entry)
        if other["file_name"] != entry["file_name"]:
            raise ValueError(
                f"{file}: images[{index}].id: {shown(entry['id'])} is also the id of "
                f"{shown(other['file_name'])}; ids must differ, or annotations are ambiguous"
            )
    return images


def _picture_folder(root: Path, entries: list[dict[str, Any]]) -> str:
    """Returns "images/" where the pictures lie in that folder rather than beside the file."""
    sample = [parse_path(entry["file_name"]) for entry in entries[:: max(1, len(entries) // 100)]]
    hits = {
        prefix: sum(not problem for problem in file_problems(root, [prefix + n for n in sample]))
        for prefix in ("", "images/")
    }
    return "images/" if hits["images/"] > hits[""] else ""


def _filepath(prefix: str, name: Any) -> str:
    """Returns a picture's path relative to the source; an absolute one as it is, for messages."""
    path = parse_path(name)
    is_absolute = path.startswith("/") or PureWindowsPath(path).is_absolute()
    return path if is_absolute else prefix + path


def _usable(
    root: Path,
    entries: dict[str, dict[str, Any]],
    filepaths: dict[str, str],
    labels: dict[str, dict[str, Label]],
) -> tuple[list[str], list[Failure]]:
    """Returns the ids of pictures that are there and have a label, and why others are not used."""
    keys, failures = [], []
    problems = file_problems(root, filepaths.values())
    for (key, entry), problem in zip(entries.items(), problems, strict=True):
        corrupt = entry.get("corrupt") is True and "marked as corrupt in the annotations"
        reason = corrupt or problem or ("" if labels[key] else "no annotation")
        if reason:
            failures.append(Failure(filepaths[key], reason))
        else:
            keys.append(key)
    return keys, failures


def _unused_fields(entry: dict[str, Any], time_problem: str) -> list[str]:
    """Says which fields of a picture cannot be used."""
    problems = [f"datetime: {time_problem}"] if time_problem else []
    problems += [
        f"{name}: expected text or a number, got {shown(entry[name])}"
        for name in ("location", "seq_id")
        if entry.get(name) not in (None, "") and not parse_key(entry[name])
    ]
    if entry.get("frame_num") is not None and parse_frame(entry["frame_num"]) is None:
        problems.append(f"frame_num: expected a whole number, got {shown(entry['frame_num'])}")
    return problems


def _source_image(
    filepath: str, species: str, entry: dict[str, Any], label: Label, time: str
) -> SourceImage:
    return SourceImage(
        filepath=filepath,
        species=species,
        camera=parse_key(entry.get("location")),
        sequence=parse_key(entry.get("seq_id")),
        frame=parse_frame(entry.get("frame_num")),
        datetime=time,
        box=union_box(label.boxes),
        box_frame=parse_size(entry.get("width"), entry.get("height")),
        sequence_level=label.sequence_level,
    )
