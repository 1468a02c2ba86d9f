"""Bilinear resizing of a part of an image, without aliasing: inside jit, the part may be traced."""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Real

Taps = tuple[Int[Array, "taps size"], Float[Array, "taps size"]]


def linear_taps(length: int, size: int, origin: Float[Array, ""], extent: Float[Array, ""]) -> Taps:
    """Says which pixels of a line make up each pixel of the resized part of it, and how much.

    Args:
      length: pixels of the line.
      size: pixels of the result.
      origin: where the part begins, as a fraction of the line.
      extent: its length, likewise; at most 1 - origin.

    Returns:
      Indices and weights, which add up to 1 over the taps: a triangle as wide as two pixels of the
      line or of the result, whichever are larger.
    """
    step = extent * length / size
    reach = jnp.maximum(step, 1.0)
    centre = (jnp.arange(size) + 0.5) * step + origin * length - 0.5
    first = jnp.floor(centre - reach).astype(jnp.int32) + 1
    index = first[None] + jnp.arange(math.ceil(2 * max(1.0, length / size)))[:, None]
    weight = jnp.maximum(0.0, 1 - jnp.abs(index - centre[None]) / reach)
    weight = jnp.where((index >= 0) & (index < length), weight, 0.0)
    return jnp.clip(index, 0, length - 1), weight / weight.sum(0, keepdims=True)


def resample_by_gathering(
    image: Real[Array, "h w 3"], rows: Taps, columns: Taps
) -> Float[Array, "size size 3"]:
    """Resamples an image: for each pixel of the result the sum over its taps."""

    def add(total: Array, row: tuple[Array, Array]) -> tuple[Array, None]:
        y, row_weight = row
        line = jnp.zeros_like(total)
        for x, column_weight in zip(*columns, strict=True):
            # Clipping every index anew would cost as much as the rest.
            pixels = image.at[y[:, None], x[None]].get(mode="promise_in_bounds")
            line += pixels.astype(total.dtype) * column_weight[None, :, None]
        return total + line * row_weight[:, None, None], None

    # A loop, although it takes only two to four turns: a plain sum XLA would merge into everything
    # that reads the image, and so compute it four times on a CPU.
    empty = jnp.zeros((rows[0].shape[1], columns[0].shape[1], 3), rows[1].dtype)
    return jax.lax.scan(add, empty, rows)[0]


def resample_by_products(
    image: Real[Array, "h w 3"], rows: Taps, columns: Taps
) -> Float[Array, "size size 3"]:
    """Does the same by one matrix for the rows and one for the columns."""

    def matrix(taps: Taps, length: int) -> Array:
        index, weight = taps
        return (jax.nn.one_hot(index, length) * weight[..., None]).sum(0)

    return jnp.einsum(
        "yh,hwc,xw->yxc",
        matrix(rows, image.shape[0]),
        image.astype(jnp.float32),
        matrix(columns, image.shape[1]),
        precision=jax.lax.Precision.HIGHEST,
    )
