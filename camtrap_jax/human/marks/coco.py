"""COCO's JSON with segmentations: polygons, or run lengths that are not compressed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from camtrap_jax.data.sources.values import parse_key, parse_size, shown
from camtrap_jax.human.marks.entry import Entry
from camtrap_jax.human.marks.numbers import read_corners
from camtrap_jax.human.marks.shapes import Drawing, Painted, Polygon, Shape

Fields = dict[str, Any]


def coco_entries(file: Path, value: Any) -> list[Entry]:
    """Lists the pictures; all of a picture's annotations together are its mask.

    A picture without annotations is one on which nothing is marked.

    Raises:
      ValueError: a list or a field is missing, an annotation is of no picture, or none has a
        segmentation.
    """
    images, annotations = (_listed(file, value, key) for key in ("images", "annotations"))
    by_picture: dict[str, list[tuple[str, Any]]] = {}
    for number, image in enumerate(images):
        where = f"{file}: images[{number}]"
        if not parse_key(image.get("id")) or not isinstance(image.get("file_name"), str):
            raise ValueError(f"{where}: expected id and file_name, got {shown(image)}")
        if parse_key(image["id"]) in by_picture:
            raise ValueError(f"{where}.id: {shown(image['id'])} is also another picture's")
        by_picture[parse_key(image["id"])] = []
    for number, one in enumerate(annotations):
        where, key = f"{file}: annotations[{number}]", parse_key(one.get("image_id"))
        if key not in by_picture:
            raise ValueError(f"{where}.image_id: {shown(one.get('image_id'))} is no picture's id")
        if one.get("segmentation"):  # a box alone marks no feature
            by_picture[key].append((f"{where}.segmentation", one["segmentation"]))
    if not any(by_picture.values()):
        raise ValueError(
            f"{file}: expected annotations with a segmentation, got {len(annotations)} without; "
            "boxes are no marks"
        )
    return [
        _entry(f"{file}: images[{number}]", image, by_picture[parse_key(image["id"])])
        for number, image in enumerate(images)
    ]


def _entry(where: str, image: Fields, segmentations: list[tuple[str, Any]]) -> Entry:
    return Entry(where, (image["file_name"],), partial(_drawing, where, image, segmentations))


def _listed(file: Path, value: Any, key: str) -> list[Fields]:
    entries = value.get(key) if isinstance(value, dict) else None
    if not isinstance(entries, list) or not all(isinstance(one, dict) for one in entries):
        raise ValueError(f"{file}: expected COCO's JSON, with a list `{key}`")
    return entries


def _drawing(where: str, image: Fields, segmentations: list[tuple[str, Any]]) -> Drawing:
    size = parse_size(image.get("width"), image.get("height"))
    if size is None:
        raise ValueError(f"{where}: expected width and height in px, got {shown(image)}")
    shapes = [shape for place, one in segmentations for shape in _shapes(place, one, size)]
    return Drawing(where, size, tuple(shapes))


def _shapes(where: str, segmentation: Any, size: tuple[float, float]) -> list[Shape]:
    if isinstance(segmentation, dict):
        return [Painted(_decoded(where, segmentation, size))]
    if not isinstance(segmentation, list):
        raise ValueError(f"{where}: expected polygons or run lengths, got {shown(segmentation)}")
    shapes: list[Shape] = []
    for number, flat in enumerate(segmentation):
        place = f"{where}[{number}]"
        if not isinstance(flat, list) or len(flat) % 2:
            raise ValueError(f"{place}: expected x and y in turn, got {shown(flat)}")
        pairs = [flat[at : at + 2] for at in range(0, len(flat), 2)]
        shapes.append(Polygon(read_corners(place, pairs)))
    return shapes


def _decoded(where: str, value: Fields, picture: tuple[float, float]) -> np.ndarray:
    """Reads run lengths: columns from left to right, unmarked and marked pixels in turn."""
    size, counts = value.get("size"), value.get("counts")
    if isinstance(counts, str):
        raise ValueError(
            f"{where}.counts: compressed run lengths are not read; expected polygons, or counts "
            "as a list of numbers"
        )
    expected = [round(picture[1]), round(picture[0])]
    if (
        size != expected
        or not isinstance(counts, list)
        or not all(type(one) is int and one >= 0 for one in counts)
        or sum(counts) != expected[0] * expected[1]
    ):
        raise ValueError(
            f"{where}: expected the picture's size, {expected}, and counts that fill it, got "
            f"{shown(value)}"
        )
    marked = np.arange(len(counts)) % 2 == 1
    return np.repeat(marked, counts).reshape(expected, order="F")
