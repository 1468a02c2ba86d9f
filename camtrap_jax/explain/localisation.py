"""Whether an explanation lies where it should: inside a mask that is known to be right."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

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


def mass_inside(
    importance: Float[Array, "images H W"], masks: Bool[Array, "images H W"]
) -> Float[Array, " images"]:
    """Returns the share of a map's sum that lies where the mask is not 0: 0..1.

    A map of one value scores the mask's share of the frame; one of zeros has no mass: nan.

    Args:
      importance: at least 0, as `faithfulness.pixel_importance` makes it.
      masks: 0 outside the object.

    Source: Arras et al. 2022, "CLEVR-XAI"; there "relevance mass accuracy".
    """
    values = jnp.asarray(importance, jnp.float32)
    inside = jnp.where(jnp.asarray(masks) != 0, values, 0).sum((1, 2))
    total = values.sum((1, 2))
    return jnp.where(total > 0, inside / total, jnp.nan)


def rank_accuracy(
    importance: Float[Array, "images H W"], masks: Bool[Array, "images H W"]
) -> Float[Array, " images"]:
    """Returns the share of the K most important pixels that lie in the mask of K pixels: 0..1.

    Where pixels of equal importance compete for the last places, it is the mean over all ways to
    choose among them; so a map of one value scores the mask's share of the frame. nan for an empty
    mask and for a map with nothing above 0.

    Args:
      importance: as in `mass_inside`; only its order counts.
      masks: 0 outside the object.

    Source: Arras et al. 2022, "CLEVR-XAI"; there "relevance rank accuracy".
    """
    inside = (jnp.asarray(masks) != 0).reshape(len(importance), -1)
    count = inside.sum(1)
    share = _share_of_first(importance, inside, count)
    return jnp.where(count > 0, share, jnp.nan)


def strongest_inside(
    importance: Float[Array, "images H W"],
    masks: Bool[Array, "images H W"],
    *,
    fraction: float = 0.01,
) -> Float[Array, " images"]:
    """Returns the share of a map's strongest pixels that lie where the mask is not 0: 0..1.

    Those are what an eye takes for the map; a faint haze all over the frame does not count. nan for
    a map with nothing above 0.

    Args:
      importance: as in `mass_inside`; only its order counts.
      masks: 0 outside the object.
      fraction: of the frame's pixels that count as strongest, at least one.
    """
    inside = (jnp.asarray(masks) != 0).reshape(len(importance), -1)
    count = max(1, round(fraction * inside.shape[1]))
    return _share_of_first(importance, inside, jnp.full(len(inside), count))


def _share_of_first(
    importance: Array, inside: Bool[Array, "images pixels"], count: Int[Array, " images"]
) -> Float[Array, " images"]:
    """Returns the share of the `count` most important pixels that are inside; ties by chance."""
    flat = jnp.asarray(importance, jnp.float32).reshape(inside.shape)
    last = jnp.maximum(count - 1, 0)[:, None]
    threshold = jnp.take_along_axis(jnp.sort(flat, axis=1, descending=True), last, axis=1)
    above, tied = flat > threshold, flat == threshold
    chance = (count - above.sum(1)) / tied.sum(1)  # of a tied pixel to be chosen
    hits = (above & inside).sum(1) + (tied & inside).sum(1) * chance
    return jnp.where(flat.max(1) > 0, hits / count, jnp.nan)


def mask_dice(
    importance: Float[Array, "images H W"],
    masks: Bool[Array, "images H W"],
    *,
    fraction: float | None = None,
) -> Float[Array, " images"]:
    """Returns Dice's coefficient of the mask and the binarised map: 0..1.

    With a fraction the map's pixels are those above that fraction of its maximum. Without, they are
    the K most important ones, with K the mask's size: for two sets of K pixels it is the share that
    they have in common, which is `rank_accuracy`. nan for an empty mask and for a map with nothing
    above 0.

    Args:
      importance: as in `mass_inside`.
      masks: 0 outside the object.
      fraction: at least 0, below 1.

    Source: Dice 1945, "Measures of the amount of ecologic association between species"; the
    fraction of the maximum: Zhou et al. 2016, "Learning deep features for discriminative
    localization", with 0.2.
    """
    if fraction is None:
        return rank_accuracy(importance, masks)
    values = jnp.asarray(importance, jnp.float32)
    inside = jnp.asarray(masks) != 0
    highest = values.max((1, 2))
    chosen = values > fraction * highest[:, None, None]
    sizes = chosen.sum((1, 2)) + inside.sum((1, 2))
    dice = 2 * (chosen & inside).sum((1, 2)) / sizes
    return jnp.where(inside.any((1, 2)) & (highest > 0), dice, jnp.nan)


def box_masks(boxes: Float[Array, "images 4"], size: tuple[int, int]) -> Bool[Array, "images H W"]:
    """Fills boxes: a pixel belongs to one where its centre lies in it.

    Left and upper edges belong to a box, right and lower ones do not: boxes side by side share no
    pixel. A box of nan, or too small to hold a centre, is empty.

    Args:
      boxes: x, y, width and height relative to the frame, 0..1.
      size: height and width in px.
    """
    height, width = size
    x, y, w, h = jnp.asarray(boxes, jnp.float32).T[..., None]
    across, down = jnp.arange(width)[None] + 0.5, jnp.arange(height)[None] + 0.5
    columns = (across >= x * width) & (across < (x + w) * width)
    rows = (down >= y * height) & (down < (y + h) * height)
    return rows[:, :, None] & columns[:, None, :]
