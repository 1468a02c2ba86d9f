"""Pictures that never were: backgrounds without their animals, and animals on other backgrounds.

What a network answers to them tells what it took from the animal, and what from the place.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Bool, Float

Images = Float[Array, "batch H W colours"]
Masks = Bool[Array, "batch H W"]


def filled(images: Images, holes: Masks) -> Images:
    """Continues images smoothly into their holes, from the pixels around them.

    The known pixels' averages over ever larger squares are handed down to where nothing is known.
    An image that is all hole becomes 0.

    Args:
      images: what lies in the holes does not matter.
      holes: where to fill.

    Returns:
      The images, with values in the holes that lie between those of the known pixels.

    Source: Gortler et al. 1996, "The lumigraph", 3.4.
    """
    known = (1 - holes[..., None]).astype(images.dtype)
    levels = [(jnp.where(known > 0, images, 0), known)]
    while max(levels[-1][1].shape[1:3]) > 1:
        levels.append((_halved(levels[-1][0]), _halved(levels[-1][1])))
    total, weight = levels.pop()
    result = jnp.where(weight > 0, total / jnp.where(weight > 0, weight, 1), 0)
    for total, weight in reversed(levels):
        result = total + (1 - weight) * jax.image.resize(result, total.shape, "bilinear")
    return result


def moved(images: Images, animals: Masks, backgrounds: Images) -> Images:
    """Puts animals on other backgrounds, where they stood in their own.

    Args:
      images: with the animals.
      animals: where they are, with a little of what is around them.
      backgrounds: one for each image.
    """
    return jnp.where(animals[..., None], images, backgrounds)


def _halved(x: Array) -> Array:
    """Averages squares of two pixels; what reaches beyond the border counts as 0."""
    window = (1, 2, 2, 1)
    return lax.reduce_window(x, 0.0, lax.add, window, window, "SAME") / 4
