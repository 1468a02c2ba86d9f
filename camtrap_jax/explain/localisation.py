"""Whether an explanation lies where it should: inside a mask that is known to be right."""

from __future__ import annotations

import jax
import numpy as np
from jaxtyping import Bool, Float, Int

from camtrap_jax.explain.cam import upsample


def pointing_game(
    maps: Float[np.ndarray, "images h w"], masks: Int[np.ndarray, "images H W"]
) -> Bool[np.ndarray, " images"]:
    """Tells for each image whether its map's maximum lies where the mask is not 0.

    Maps of another size are enlarged bilinearly with half-pixel centres first. The first maximum in
    reading order counts; an image whose map is zero everywhere points nowhere and misses.

    Source: Zhang et al. 2016, "Top-down neural attention by excitation backprop".
    """
    if maps.shape[1:] != masks.shape[1:]:
        height, width = masks.shape[1:]
        maps = np.asarray(jax.jit(upsample, static_argnums=1)(maps, (height, width)))
    flat = maps.reshape(len(maps), -1)
    inside = np.take_along_axis(masks.reshape(len(masks), -1), flat.argmax(1)[:, None], 1)[:, 0]
    return (inside != 0) & (flat.max(1) > 0)
