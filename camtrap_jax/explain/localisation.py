"""Whether an explanation lies where it should: inside a mask that is known to be right."""

from __future__ import annotations

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from camtrap_jax.explain.cam import upsample


def pointing_game(
    maps: Float[np.ndarray, "images h w"],
    masks: Int[np.ndarray, "images H W"],
    *,
    tolerance_px: float = 0.0,
) -> Bool[np.ndarray, " images"]:
    """Tells for each image whether its map's maximum lies where the mask is not 0.

    Maps of another size are enlarged bilinearly with half-pixel centres first. The first maximum in
    reading order counts; an image whose map is zero everywhere points nowhere and misses.

    Args:
      maps: one map an image.
      masks: 0 outside the object.
      tolerance_px: how far from the object, in px of the mask, the maximum may lie: gradients are
        largest on both sides of an outline.

    Source: Zhang et al. 2016, "Top-down neural attention by excitation backprop".
    """
    if maps.shape[1:] != masks.shape[1:]:
        height, width = masks.shape[1:]
        maps = np.asarray(jax.jit(upsample, static_argnums=1)(maps, (height, width)))
    flat = maps.reshape(len(maps), -1)
    rows, columns = np.divmod(flat.argmax(1), maps.shape[2])
    distances = [
        _distance_to(mask != 0, row, column)
        for mask, row, column in zip(masks, rows, columns, strict=True)
    ]
    return (np.array(distances, float) <= tolerance_px) & (flat.max(1) > 0)


def _distance_to(mask: np.ndarray, row: int, column: int) -> float:
    """Returns the distance in px from a pixel to the nearest one of the mask."""
    inside_rows, inside_columns = np.nonzero(mask)
    distances = np.hypot(inside_rows - row, inside_columns - column)
    return distances.min(initial=np.inf)
