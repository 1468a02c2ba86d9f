"""Where in an image a unit responds most, and what its hottest images have in common."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

REFERENCE_PX = 224  # the input size that patch sizes are given for


def patch_origin(
    cell_index: Int[np.ndarray, " cells"],
    map_hw: tuple[int, int],
    image_px: int,
    patch_px: int,
) -> tuple[Int[np.ndarray, " cells"], Int[np.ndarray, " cells"], int]:
    """Places a square patch around the receptive-field centre of a cell of the unit map.

    The centre of cell i is (i + 0.5) * stride input pixels from the left or top edge, where
    stride = image_px / cells: in VGG-16 and ResNet-50 the map covers the input evenly.

    Args:
      cell_index: flat, row-major indices into the map; a scalar gives scalars.
      map_hw: height and width of the map in cells.
      image_px: side of the square input.
      patch_px: side of the patch at an input of 224 px; scaled in proportion for other inputs.

    Returns:
      x and y of the top left corner in px, such that the patch lies inside the image, and its
      side in px, from 1 to `image_px`.
    """
    size = min(max(int(patch_px * image_px / REFERENCE_PX + 0.5), 1), image_px)
    height, width = map_hw
    row, column = np.divmod(np.asarray(cell_index), width)

    def corner(cell: np.ndarray, cells: int) -> np.ndarray:
        centre = (cell + 0.5) * (image_px / cells)
        return np.clip(np.floor(centre - size / 2 + 0.5).astype(np.int64), 0, image_px - size)

    return corner(column, width), corner(row, height), size


def hottest_images(responses: Float[np.ndarray, " images"], k: int) -> Int[np.ndarray, " hottest"]:
    """Names the `k` images with the highest response, highest first; all if there are fewer.

    Of equal responses the image that comes first wins.
    """
    return np.argsort(-np.asarray(responses, np.float64), kind="stable")[:k]


def purity(places: Sequence[str]) -> float:
    """Share of the commonest place, a camera or a burst: 1 when all patches come from one.

    Images of no known place (an empty name) are left out; nan when none is left.
    """
    known = [place for place in places if place]
    if not known:
        return float("nan")
    return max(Counter(known).values()) / len(known)
