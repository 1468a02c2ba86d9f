"""What happens to the logits when parts of the image are taken away; needs no gradient."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from camtrap_jax.explain.cam import upsample, weighted

Images = Float[Array, "batch H W 3"]
Logits = Float[Array, "batch classes"]
Network = Callable[[Images], Logits]


def masked_by_units(
    network: Network, images: Images, maps: Float[Array, "batch h w units"], *, parallel: int
) -> Float[Array, "units batch classes"]:
    """Returns the logits of images of which each unit in turn lets through what it responds to.

    A unit's map is enlarged and brought to 0..1; one that is everywhere the same lets nothing
    through. What a mask takes away becomes the mean colour.

    Args:
      network: from images to logits.
      images: normalised; 0 is the mean colour.
      maps: of the units.
      parallel: units that pass the network in one batch.
    """
    _, height, width, _ = images.shape

    def logits_of(unit: Array) -> Array:
        enlarged = upsample(unit, (height, width))
        low = enlarged.min((1, 2), keepdims=True)
        extent = enlarged.max((1, 2), keepdims=True) - low
        mask = (enlarged - low) / jnp.where(extent == 0, 1, extent)
        return network(images * mask[..., None])

    return lax.map(logits_of, jnp.moveaxis(maps, -1, 0), batch_size=parallel)


def score_cam(
    maps: Float[Array, "batch h w units"],
    masked: Float[Array, "units batch classes"],
    seed: Logits,
) -> Float[Array, "batch h w"]:
    """Weighs each unit by the softmax, over units, of the logit of what it lets through.

    Args:
      maps: of the units.
      masked: from `masked_by_units`.
      seed: the logit that is explained.

    Source: Wang et al. 2020, "Score-CAM", algorithm 1. The logit of the empty image, which is there
    subtracted from all, does not change the softmax.
    """
    scores = jnp.einsum("kbc,bc->bk", masked, seed)
    return weighted(maps, jax.nn.softmax(scores, axis=-1))


def occluded(
    network: Network, images: Images, *, window_px: int, stride_px: int, parallel: int
) -> Float[Array, "rows columns batch classes"]:
    """Returns the logits of images of which each window in turn shows the mean colour.

    Args:
      network: from images to logits.
      images: normalised; 0 is the mean colour.
      window_px: side of the square.
      stride_px: from one window to the next.
      parallel: windows that pass the network in one batch.
    """
    rows, columns = (
        jnp.asarray(_windows(length, window_px, stride_px), bool) for length in images.shape[1:3]
    )

    def logits_of(place: Array) -> Array:
        hidden = rows[place[0]][:, None] & columns[place[1]][None]
        return network(jnp.where(hidden[None, ..., None], 0, images))

    places = jnp.stack(
        jnp.meshgrid(jnp.arange(len(rows)), jnp.arange(len(columns)), indexing="ij"), -1
    )
    logits = lax.map(logits_of, places.reshape(-1, 2), batch_size=parallel)
    return logits.reshape(len(rows), len(columns), *logits.shape[1:])


def occlusion(
    logits: Logits,
    hidden: Float[Array, "rows columns batch classes"],
    seed: Logits,
    *,
    size: tuple[int, int],
    window_px: int,
    stride_px: int,
) -> Float[Array, "batch H W"]:
    """Returns for each pixel by how much windows over it lower the logit, on average.

    Args:
      logits: of the images.
      hidden: from `occluded`.
      seed: the logit that is explained.
      size: height and width of the images.
      window_px: as in `occluded`.
      stride_px: as in `occluded`.

    Source: Zeiler & Fergus 2014, "Visualizing and understanding convolutional networks", section
    4.2.
    """
    drops = (logits * seed).sum(-1)[None, None] - jnp.einsum("rsbc,bc->rsb", hidden, seed)
    rows, columns = (_windows(length, window_px, stride_px) for length in size)
    rows, columns = (one / one.sum(0, keepdims=True).clip(1) for one in (rows, columns))
    return jnp.einsum("rsb,rh,sw->bhw", drops, rows, columns)


def _windows(length: int, window: int, stride: int) -> np.ndarray:
    """Returns for each window and pixel of one axis whether it lies in it; the last may jut out."""
    count = -(-max(length - window, 0) // stride) + 1
    offsets = np.arange(length)[None] - stride * np.arange(count)[:, None]
    return ((offsets >= 0) & (offsets < window)).astype(np.float32)
