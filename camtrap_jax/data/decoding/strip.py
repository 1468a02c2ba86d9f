"""The information strip: the plain bar with text on it that cameras print under their frames."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from PIL import Image

_LOWEST, _HIGHEST = 0.02, 0.15  # a strip's share of the height
_COLUMNS, _ROWS = 256, 360  # so many of a picture are looked at
_PLAIN = 12  # grey levels that a plain bar varies by after compression
_INK = 40  # grey levels between a bar and what is printed on it
_INKED = (0.01, 0.6)  # share of a bar that is printed on
_EDGE = 0.4  # how much more of a row is plain below the bar's upper edge than above it


def information_strip(image: Image.Image) -> float:
    """Measures the plain bar with text on it at the bottom of a picture.

    A strip is 2 to 15 % of the height, and its upper edge is where the rows turn plain all at once.

    Args:
      image: RGB, of any size.

    Returns:
      Its fraction of the height; 0 for none seen.
    """
    height = min(image.height, _ROWS)
    lowest, highest = max(2, round(_LOWEST * height)), int(_HIGHEST * height)
    at_edge = max(1, round(0.01 * height))  # rows that tell an edge
    num_rows = highest + at_edge + 2
    if highest < lowest or num_rows >= height:
        return 0.0
    grey = _lowest_rows(image, num_rows, height)
    off = np.abs(grey - int(np.median(grey[:at_edge])))  # from the bar's
    rows = _upper_edge((off <= _PLAIN).mean(axis=1), lowest, highest, at_edge)
    if not (rows and _is_print(off[:rows])):
        return 0.0
    # Scaling mixes the bar's last row with the scene.
    mixed = float(np.median(off[rows])) < 0.5 * float(np.median(off[rows + 1]))
    return (rows + mixed) / height


def _lowest_rows(image: Image.Image, num_rows: int, height: int) -> Int[np.ndarray, "rows columns"]:
    """Returns the last `num_rows` of `height` rows that are picked from the image, last one first.

    Picked, not averaged: averages would blend print and bar. Grey: JPEG smears colours over edges.
    """
    size = (min(image.width, _COLUMNS), num_rows)
    part = (0.0, image.height * (1 - num_rows / height), image.width, image.height)
    rows = image.resize(size, Image.Resampling.NEAREST, box=part).convert("L")
    return np.asarray(rows, np.int16)[::-1]


def _is_print(off: Int[np.ndarray, "rows columns"]) -> bool:
    """Tells text on a bar from grass on plain ground, most of which is neither ink nor plain."""
    inked = float((off > _INK).mean())
    between = float((off > _PLAIN).mean()) - inked  # the soft edges of letters
    return _INKED[0] <= inked <= _INKED[1] and between <= 2 * inked + 0.1


def _upper_edge(plain: Float[np.ndarray, " rows"], lowest: int, highest: int, at_edge: int) -> int:
    """Returns the rows of the bar, given from the bottom up; 0 where there is no edge.

    Text makes edges, too, but all of them lie below the bar's own.
    """
    rows = np.arange(lowest, highest + 1)
    total = np.concatenate([[0.0], np.cumsum(plain)])
    below = (total[rows] - total[rows - at_edge]) / at_edge
    above = (total[rows + 1 + at_edge] - total[rows + 1]) / at_edge  # one row may be mixed
    is_bar = (np.minimum.accumulate(plain)[rows - 1] >= 0.1) & (total[rows] >= 0.4 * rows)
    edge = np.where(is_bar, below - above, 0.0)
    found = np.flatnonzero(edge >= _EDGE)
    if not len(found):
        return 0
    uppermost = found[found >= found[-1] - at_edge]  # neighbours that share one edge
    return int(rows[uppermost[np.argmax(edge[uppermost])]])
