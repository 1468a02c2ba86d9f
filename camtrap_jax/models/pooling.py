"""Pooling with torch's conventions, and a gradient that runs in parallel on a CPU."""

from __future__ import annotations

from functools import partial
from typing import cast

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float


def max_pool(
    x: Float[Array, "b h w c"], window: int, stride: int, pad: int = 0
) -> Float[Array, "b rows columns c"]:
    """Takes the maximum of each window; the gradient goes to the window's first maximum.

    XLA's own gradient (`select_and_scatter`) runs on one thread of a CPU; this one is made of
    slices, comparisons and padding, which all backends run in parallel. Rows and columns that do
    not fill a window are dropped, as in torch.
    """
    return cast(Array, _max_pool(x, window, stride, pad))


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def _max_pool(x: Array, window: int, stride: int, pad: int) -> Array:
    return lax.reduce_window(
        x,
        -jnp.inf,
        lax.max,
        (1, window, window, 1),
        (1, stride, stride, 1),
        ((0, 0), (pad, pad), (pad, pad), (0, 0)),
    )


def _max_pool_forward(
    x: Array, window: int, stride: int, pad: int
) -> tuple[Array, tuple[Array, Array]]:
    pooled = cast(Array, _max_pool(x, window, stride, pad))
    return pooled, (x, pooled)


def _max_pool_backward(
    window: int, stride: int, pad: int, residuals: tuple[Array, Array], cotangent: Array
) -> tuple[Array]:
    x, pooled = residuals
    if window == stride and not pad:
        return (_unpool_tiles(x, pooled, cotangent, window),)
    return (_unpool_windows(residuals, cotangent, window, stride, pad),)


def _unpool_tiles(x: Array, pooled: Array, cotangent: Array, window: int) -> Array:
    """Sends gradients back through windows that do not overlap; a third of the general way."""
    batch, rows, columns, channels = pooled.shape
    tiled = x[:, : rows * window, : columns * window]
    tiles = tiled.reshape(batch, rows, window, columns, window, channels)
    free = jnp.ones(pooled.shape, bool)  # windows whose maximum is still to be met
    gradients = []
    for i in range(window):
        for j in range(window):
            winner = free & (tiles[:, :, i, :, j] == pooled)
            free &= ~winner
            gradients.append(jnp.where(winner, cotangent, 0))
    lines = [jnp.stack(gradients[i * window : (i + 1) * window], 3) for i in range(window)]
    gradient = jnp.stack(lines, 2).reshape(tiled.shape)
    rest = [(0, whole - part) for whole, part in zip(x.shape, tiled.shape, strict=True)]
    return jnp.pad(gradient, rest)


def _unpool_windows(
    residuals: tuple[Array, Array], cotangent: Array, window: int, stride: int, pad: int
) -> Array:
    """Sends gradients back through windows that may overlap."""
    x, pooled = residuals
    border = ((0, 0), (pad, pad), (pad, pad), (0, 0))
    padded = jnp.pad(x, border, constant_values=-jnp.inf)
    height, width = padded.shape[1:3]
    last_row, last_column = ((n - 1) * stride for n in pooled.shape[1:3])
    gradient = jnp.zeros_like(padded)
    free = jnp.ones(pooled.shape, bool)  # windows whose maximum is still to be met
    for i in range(window):
        for j in range(window):
            values = padded[:, i : i + last_row + 1 : stride, j : j + last_column + 1 : stride]
            winner = free & (values == pooled)
            free &= ~winner
            spread = (
                (0, 0, 0),
                (i, height - i - last_row - 1, stride - 1),
                (j, width - j - last_column - 1, stride - 1),
                (0, 0, 0),
            )
            zero = jnp.zeros((), cotangent.dtype)
            gradient += lax.pad(jnp.where(winner, cotangent, zero), zero, spread)
    return gradient[:, pad : height - pad, pad : width - pad]


_max_pool.defvjp(_max_pool_forward, _max_pool_backward)


def adaptive_average_pool(x: Float[Array, "b h w c"], size: int) -> Float[Array, "b size size c"]:
    """Averages into `size` x `size` bins whatever the input's size, as torch's layer does.

    Bin i covers the positions from floor(i h / size) to ceil((i + 1) h / size); bins overlap or
    repeat where h is no multiple of `size`.
    """
    rows, columns = (_bin_weights(n, size, x.dtype) for n in x.shape[1:3])
    if x.shape[1:3] == (size, size):
        return x
    return jnp.einsum("ih,jw,bhwc->bijc", rows, columns, x)


def _bin_weights(length: int, size: int, dtype: jnp.dtype) -> np.ndarray:
    weights = np.zeros((size, length), dtype)
    for i in range(size):
        start, end = i * length // size, -(-(i + 1) * length // size)
        weights[i, start:end] = 1 / (end - start)
    return weights
