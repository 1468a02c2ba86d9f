"""Values as annotation files spell them: numbers, ids, times and boxes, right or wrong."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from camtrap_jax.data.sources.listing import Box


def union_box(boxes: list[Box]) -> Box | None:
    """Returns the smallest box around all; None where there are none."""
    if not boxes:
        return None
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, bottom = max(box[0] + box[2] for box in boxes), max(box[1] + box[3] for box in boxes)
    return left, top, right - left, bottom - top


def parse_box(value: Any) -> Box | None:
    """Returns x, y, width, height in px; None where the value is no box with an area."""
    if not isinstance(value, list) or len(value) != 4:
        return None
    x, y, width, height = (parse_number(number) for number in value)
    if x is None or y is None or not width or not height or width < 0 or height < 0:
        return None
    return x, y, width, height


def parse_number(value: Any) -> float | None:
    """Returns a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if math.isfinite(value) else None


def parse_key(value: Any) -> str:
    """Writes an id or location as text: 7, 7.0 and "7" are the same; None is empty."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return "" if value is None else str(value).strip()


def parse_path(name: Any) -> str:
    """Returns a file name with "/", whatever system it was written on."""
    return str(PurePosixPath(str(name).replace("\\", "/")))


def parse_datetime(value: Any) -> str:
    """Returns "YYYY-MM-DD hh:mm:ss" in the camera's own time; empty where it cannot be read."""
    try:
        moment = datetime.fromisoformat(str(value).strip())
    except ValueError:
        return ""
    return moment.replace(tzinfo=None).isoformat(" ", "seconds")
