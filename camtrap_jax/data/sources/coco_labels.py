"""The annotations of a COCO Camera Traps file: the labels and boxes of each picture."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.listing import Box
from camtrap_jax.data.sources.values import label_problem, parse_box, parse_key, parse_label, shown


@dataclass(slots=True)
class Label:
    """What the annotations of one species say about one picture."""

    boxes: list[Box] = field(default_factory=list)
    sequence_level: bool = True  # until one annotation is of the picture itself


def check_entries(file: Path, section: str, entries: list[Any], fields: tuple[str, ...]) -> None:
    """Checks that each entry of a list is an object with the fields.

    Raises:
      ValueError: one is not; one line.
    """
    for index, entry in enumerate(entries):
        place = f"{file}: {section}[{index}]"
        if not isinstance(entry, dict):
            raise ValueError(f"{place}: expected an object, got {shown(entry)}")
        for name in fields:
            found = entry.get(name)
            if isinstance(found, bool) or not isinstance(found, str | int | float) or found == "":
                raise ValueError(f"{place}.{name}: expected text, got {shown(found)}")


def read_categories(file: Path, entries: list[Any]) -> dict[str, str]:
    """Returns the label of each category's id.

    Raises:
      ValueError: an entry is none, or two labels have the same id.
    """
    check_entries(file, "categories", entries, ("id", "name"))
    labels: dict[str, str] = {}
    for index, entry in enumerate(entries):
        label = parse_label(entry["name"])
        other = labels.setdefault(parse_key(entry["id"]), label)
        if other != label:
            raise ValueError(
                f"{file}: categories[{index}].id: {shown(entry['id'])} is also the id of "
                f"{shown(other)}; ids must differ, or annotations are ambiguous"
            )
    return labels


def read_labels(
    file: Path,
    annotations: list[Any],
    filepaths: Mapping[str, str],
    categories: Mapping[str, str],
) -> tuple[dict[str, dict[str, Label]], list[Failure]]:
    """Collects the labels of each picture.

    Args:
      file: where the annotations are from.
      annotations: the list in it.
      filepaths: of each picture by its id.
      categories: label of each category by its id.

    Returns:
      Picture's id -> species -> what its annotations say; and annotations that cannot be used.

    Raises:
      ValueError: an annotation is no object.
    """
    check_entries(file, "annotations", annotations, ())
    found: dict[str, dict[str, Label]] = {key: {} for key in filepaths}
    failures = []
    for index, entry in enumerate(annotations):
        place = f"annotations[{index}]"
        key, category = parse_key(entry.get("image_id")), parse_key(entry.get("category_id"))
        if key not in filepaths:
            reason = f"{place}.image_id: {shown(entry.get('image_id'))} is not in images"
            failures.append(Failure(file.name, reason))
            continue
        known = category in categories
        problem = label_problem(categories[category]) if known else "is not in categories"
        if problem:
            reason = f"{place}.category_id: {shown(entry.get('category_id'))}: {problem}"
            failures.append(Failure(filepaths[key], reason))
            continue
        label = found[key].setdefault(categories[category], Label())
        label.sequence_level &= entry.get("sequence_level_annotation") is True
        box = parse_box(entry.get("bbox"))
        if box is not None:
            label.boxes.append(box)
        elif entry.get("bbox") is not None:
            reason = f"{place}.bbox: {shown(entry['bbox'])} is no box, and not used"
            failures.append(Failure(filepaths[key], reason))
    return found, failures
