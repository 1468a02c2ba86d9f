"""Contact sheets of image patches."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

GAP_PX = 3
PAPER = 255


def contact_sheet(
    tiles: Sequence[UInt8[np.ndarray, "size size 3"]], *, places: int, columns: int | None = None
) -> UInt8[np.ndarray, "height width 3"]:
    """Sets square tiles of one size in a grid, row by row.

    Args:
      tiles: at least one.
      places: how many there would be at best; they set the number of columns, such that the grid
        is near a square.
      columns: another number of columns.
    """
    size = tiles[0].shape[0]
    columns = columns or max(1, math.ceil(math.sqrt(places)))
    rows = math.ceil(len(tiles) / columns)
    pitch = size + GAP_PX
    sheet = np.full((rows * pitch - GAP_PX, columns * pitch - GAP_PX, 3), PAPER, np.uint8)
    for place, tile in enumerate(tiles):
        top, left = place // columns * pitch, place % columns * pitch
        sheet[top : top + size, left : left + size] = tile
    return sheet


def stacked(sheets: Sequence[UInt8[np.ndarray, "_ width 3"]]) -> UInt8[np.ndarray, "_ width 3"]:
    """Sets sheets of one width below one another."""
    gap = np.full((GAP_PX, sheets[0].shape[1], 3), PAPER, np.uint8)
    return np.concatenate([part for sheet in sheets for part in (sheet, gap)][:-1])
