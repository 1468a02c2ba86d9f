"""Values as annotation files spell them: numbers, ids, labels, paths and boxes, right or wrong."""

from __future__ import annotations

import math
import reprlib
import unicodedata
from pathlib import PurePosixPath
from typing import Any

from camtrap_jax.data.sources.files import printable
from camtrap_jax.data.sources.listing import Box

# How tables write that nothing is known, case-folded. Folders and JSON have no need to.
MISSING = frozenset({"", "-", "na", "n/a", "nan", "nat", "none", "null"})
_MISSING_LABELS = MISSING - {"none"}  # a label that means no animal
_MAX_PX = 1_000_000.0  # no picture is wider; sums of larger numbers overflow
_MAX_FRAME = 2**31 - 1
_MAX_LABEL = 255  # as long as a folder's name can be

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 80


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
    box = (x, y, width, height)
    return box if all(abs(number) <= _MAX_PX for number in box) else None


def parse_size(width: Any, height: Any) -> tuple[float, float] | None:
    """Returns a picture's width and height in px; None where either is no length."""
    size = (parse_number(width) or 0.0, parse_number(height) or 0.0)
    return size if all(1 <= length <= _MAX_PX for length in size) else None


def parse_number(value: Any) -> float | None:
    """Returns a finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def parse_frame(value: Any) -> int | None:
    """Returns a position in a burst; None where the value is no whole number from 0 on."""
    try:
        number = parse_number(float(value) if isinstance(value, str) else value)
    except ValueError:
        return None
    if number is None or not number.is_integer() or not 0 <= number <= _MAX_FRAME:
        return None
    return int(number)


def parse_key(value: Any) -> str:
    """Writes an id or location as text: 7, 7.0 and "7" are the same; empty for what is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    is_nan = isinstance(value, float) and math.isnan(value)
    if value is None or is_nan or isinstance(value, bool | list | dict):
        return ""
    return same_form(printable(str(value).strip()))


def parse_label(value: Any) -> str:
    """Returns a label on one line, without spaces around it."""
    return same_form(" ".join(str(value).split()))


def same_form(text: str) -> str:
    """Returns a name in the Unicode form NFC: programs write é as one character or as two."""
    return unicodedata.normalize("NFC", text)


def given(text: str) -> str:
    """Returns a table's field, empty where it says that nothing is known."""
    return "" if text.casefold() in MISSING else text


def missing_label(label: str) -> bool:
    """Tells whether a table's field, not empty, says that there is no label."""
    return bool(label) and label.casefold() in _MISSING_LABELS


def label_problem(label: str) -> str:
    """Says why a label cannot be a species' name; empty where it can."""
    if not label:
        return "the label is empty"
    if len(label) > _MAX_LABEL:
        return f"the label has {len(label)} characters, expected {_MAX_LABEL} at most"
    if printable(label) != label:
        return f"the label {shown(label)} has characters that cannot be written"
    return ""


def parse_path(name: Any) -> str:
    """Returns a file name with "/", whatever system it was written on."""
    return str(PurePosixPath(str(name).replace("\\", "/")))


def shown(value: Any) -> str:
    """Returns a value as messages quote it: on one line, cut where it is long."""
    return _short.repr(value)
