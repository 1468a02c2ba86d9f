"""LabelMe's files, one JSON a picture: polygons, rectangles and circles."""

from __future__ import annotations

import posixpath
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from camtrap_jax.data.sources.values import parse_size, shown
from camtrap_jax.human.marks.entry import Entry
from camtrap_jax.human.marks.numbers import read_corners, read_points
from camtrap_jax.human.marks.shapes import Circle, Drawing, Polygon, Shape


def labelme_entry(folder: Path, file: Path, value: Any) -> Entry:
    """Lists a file's picture; its path counts from the file's folder.

    Raises:
      ValueError: it is no file of LabelMe's.
    """
    if not isinstance(value, dict) or not isinstance(value.get("shapes"), list):
        raise ValueError(f"{file}: expected a LabelMe file, with a list `shapes`")
    path = value.get("imagePath")
    if not isinstance(path, str) or not path:
        raise ValueError(f"{file}: expected imagePath, the picture's path, got {shown(path)}")
    path = path.replace("\\", "/")
    beside = posixpath.normpath(posixpath.join(file.relative_to(folder).parent.as_posix(), path))
    return Entry(str(file), (beside, path), partial(_drawing, file, value))


def _drawing(file: Path, value: dict[str, Any]) -> Drawing:
    size = parse_size(value.get("imageWidth"), value.get("imageHeight"))
    if size is None:
        got = shown([value.get("imageWidth"), value.get("imageHeight")])
        raise ValueError(f"{file}: expected imageWidth and imageHeight in px, got {got}")
    shapes = [
        _shape(f"{file}: shapes[{number}]", one) for number, one in enumerate(value["shapes"])
    ]
    return Drawing(str(file), size, tuple(shapes))


def _shape(where: str, value: Any) -> Shape:
    kind = value.get("shape_type", "polygon") if isinstance(value, dict) else None
    if kind not in ("polygon", "rectangle", "circle"):
        raise ValueError(
            f"{where}.shape_type: expected polygon, rectangle or circle, got {shown(kind)}"
        )
    if kind == "polygon":
        return Polygon(read_corners(f"{where}.points", value.get("points")))
    points = read_points(f"{where}.points", value.get("points"))
    # Newer versions save a rectangle's four corners.
    if len(points) != 2 and (kind, len(points)) != ("rectangle", 4):
        raise ValueError(f"{where}.points: expected 2 points of a {kind}, got {len(points)}")
    if kind == "circle":
        return Circle(points[0], float(np.hypot(*(points[1] - points[0]))))
    (left, top), (right, bottom) = points.min(0), points.max(0)
    return Polygon(np.array([[left, top], [right, top], [right, bottom], [left, bottom]]))
