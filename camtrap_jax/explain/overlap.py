"""How maps and masks overlap under every way to make a map a set of pixels."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from camtrap_jax.explain.localisation import mask_dice


def dice_sweep(
    importance: Float[Array, "images H W"],
    masks: Bool[Array, "images H W"],
    fractions: Float[Array, " fractions"],
) -> tuple[Float[Array, "images sets"], Float[Array, "images sets"]]:
    """Returns `mask_dice` of several sets of a map's pixels, and what chance would give.

    The first set has as many pixels as the mask, the most important ones; the others are what lies
    above a fraction of the map's maximum. A set of n pixels that fell anywhere in a frame of N
    would share n K / N of them with a mask of K: hence 2 n K / N / (n + K), which for the first set
    is the mask's share of the frame.

    Args:
      importance: at least 0, as `faithfulness.pixel_importance` makes it.
      masks: 0 outside the object.
      fractions: of the maximum, each at least 0 and below 1.

    Returns:
      Dice's coefficients and those of chance, `[images, 1 + fractions]`; both are nan for an empty
      mask and for a map with nothing above 0.
    """
    values = jnp.asarray(importance, jnp.float32)
    above = jax.vmap(lambda one: mask_dice(values, masks, fraction=one), out_axes=1)(fractions)
    dice = jnp.concatenate([mask_dice(values, masks)[:, None], above], axis=1)
    limits = values.max((1, 2))[:, None] * fractions[None]
    sizes = jax.vmap(lambda limit: (values > limit[:, None, None]).sum((1, 2)), 1, 1)(limits)
    marked = (jnp.asarray(masks) != 0).sum((1, 2))[:, None]
    chosen = jnp.concatenate([marked, sizes], axis=1).astype(jnp.float32)  # products pass 32 bits
    share = marked / (values.shape[1] * values.shape[2])
    chance = 2 * chosen * share / jnp.maximum(chosen + marked, 1)
    return dice, jnp.where(jnp.isnan(dice), jnp.nan, chance)
