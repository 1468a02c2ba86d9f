"""Annotations in COCO Camera Traps JSON, next to the pictures or to a folder `images`.

A picture with several species is listed once under each. Ids and locations may be strings or
numbers. Lines that cannot be used are failures; a file that is not of this format is an error.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from camtrap_jax.data.sources.files import file_problem, printable
from camtrap_jax.data.sources.listing import (
    Box,
    Failure,
    SourceImage,
    SourceListing,
    sort_images,
)
from camtrap_jax.data.sources.values import (
    parse_box,
    parse_datetime,
    parse_key,
    parse_number,
    parse_path,
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
      ValueError: an entry lacks a field, or two pictures have the same id.
    """
    root = file.parent.resolve()
    entries = _read_entries(file, value["images"], ("id", "file_name"))
    names = _read_entries(file, value["categories"], ("id", "name"), section="categories")
    categories = {parse_key(entry["id"]): str(entry["name"]).strip() for entry in names}
    prefix = _picture_folder(root, entries)
    images = _images_by_id(file, entries)
    boxes, failures = _boxes(file, value["annotations"], images, categories)
    listed: dict[tuple[str, str], SourceImage] = {}
    for key, entry in images.items():
        filepath = prefix + parse_path(entry["file_name"])
        reason = _entry_problem(root, filepath, entry) or ("" if boxes[key] else "no annotation")
        if reason:
            failures.append(Failure(printable(filepath), reason))
            continue
        for species, found in boxes[key].items():
            if (filepath, species) in listed:
                failures.append(Failure(filepath, f"listed twice as {species!r}, kept once"))
                continue
            listed[filepath, species] = _source_image(filepath, species, entry, found)
    return SourceListing(
        root=root,
        layout="coco_camera_traps",
        images=sort_images(list(listed.values())),
        failures=failures,
    )


def _read_entries(
    file: Path, entries: list[Any], fields: tuple[str, ...], section: str = "images"
) -> list[dict[str, Any]]:
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise ValueError(f"{file}: {section}[{index}]: expected an object, got {entry!r}")
        for name in fields:
            found = entry.get(name)
            if isinstance(found, bool) or not isinstance(found, str | int | float) or found == "":
                raise ValueError(f"{file}: {section}[{index}].{name}: expected text, got {found!r}")
    return entries


def _images_by_id(file: Path, entries: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    images: dict[str, dict[str, Any]] = {}
    for index, entry in enumerate(entries):
        other = images.setdefault(parse_key(entry["id"]), entry)
        if other["file_name"] != entry["file_name"]:
            raise ValueError(
                f"{file}: images[{index}].id: {entry['id']!r} is also the id of "
                f"{other['file_name']!r}; ids must differ, or annotations are ambiguous"
            )
    return images


def _boxes(
    file: Path,
    annotations: list[Any],
    images: dict[str, dict[str, Any]],
    categories: dict[str, str],
) -> tuple[dict[str, dict[str, list[Box]]], list[Failure]]:
    """Collects image id -> species -> boxes in px; a species without boxes has an empty list."""
    found: dict[str, dict[str, list[Box]]] = {key: {} for key in images}
    failures = []
    for index, entry in enumerate(annotations):
        place = f"annotations[{index}]"
        if not isinstance(entry, dict):
            raise ValueError(f"{file}: {place}: expected an object, got {entry!r}")
        key, category = parse_key(entry.get("image_id")), parse_key(entry.get("category_id"))
        if key not in images:
            reason = f"{place}.image_id: {entry.get('image_id')!r} is not in images"
            failures.append(Failure(file.name, reason))
            continue
        name = images[key]["file_name"]
        if not categories.get(category):
            reason = f"{place}.category_id: {entry.get('category_id')!r} is not in categories"
            failures.append(Failure(printable(str(name)), reason))
            continue
        boxes = found[key].setdefault(categories[category], [])
        if entry.get("bbox") is None:
            continue
        box = parse_box(entry["bbox"])
        if box is None:
            reason = f"{place}.bbox: {entry['bbox']!r} is no box; the picture is kept without it"
            failures.append(Failure(printable(str(name)), reason))
        else:
            boxes.append(box)
    return found, failures


def _source_image(
    filepath: str, species: str, entry: dict[str, Any], boxes: list[Box]
) -> SourceImage:
    size = (parse_number(entry.get("width")), parse_number(entry.get("height")))
    frame = parse_number(entry.get("frame_num"))
    return SourceImage(
        filepath=filepath,
        species=species,
        camera=parse_key(entry.get("location")),
        sequence=parse_key(entry.get("seq_id")),
        frame=None if frame is None else int(frame),
        datetime=parse_datetime(entry.get("datetime")),
        box=union_box(boxes),
        box_frame=(size[0], size[1]) if size[0] and size[1] else None,
    )


def _picture_folder(root: Path, entries: list[dict[str, Any]]) -> str:
    """Returns "images/" where the pictures lie in that folder rather than beside the file."""
    sample = [parse_path(entry["file_name"]) for entry in entries[:: max(1, len(entries) // 100)]]
    hits = {
        prefix: sum(not file_problem(root, prefix + name) for name in sample)
        for prefix in ("", "images/")
    }
    return "images/" if hits["images/"] > hits[""] else ""


def _entry_problem(root: Path, filepath: str, entry: dict[str, Any]) -> str:
    if entry.get("corrupt") is True:
        return "marked as corrupt in the annotations"
    return file_problem(root, filepath)
