"""The layers that both networks are built from, with torch's conventions written out."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import lax
from jaxtyping import Array, Float

Activation = Callable[[Array], Array]


def centred_normal(key: Array, shape: Sequence[int], dtype: Any = jnp.float32) -> Array:
    """Draws weights for ReLU layers whose sum over each output's inputs is zero.

    Activations after a ReLU are positive, so with free weights their common mean grows from layer
    to layer and drowns what distinguishes images: a VGG without BatchNorm then hardly starts to
    learn from random weights. Weights that sum to zero do not see the mean. What is left of a unit
    normal after a ReLU has the variance (1 - 1 / pi) / 2, and the weights make up for it.

    Source: ours, after He et al. 2015, "Delving deep into rectifiers", who keep the second moment.
    """
    draw = nn.initializers.variance_scaling(2 / (1 - 1 / math.pi), "fan_in", "normal")
    weights = draw(key, shape, dtype)
    return weights - weights.mean(range(len(shape) - 1), keepdims=True)


def scaled_normal(scale: float) -> nn.initializers.Initializer:
    """Makes an initializer that draws `centred_normal` weights `scale` times as large.

    The smaller a layer starts, the more of what it holds is learnt and the less is left from its
    initialisation.

    Args:
      scale: above 0; 1 draws `centred_normal` itself.

    Source: Chizat, Oyallon & Bach 2019, "On lazy training in differentiable programming".
    """

    def draw(key: Array, shape: Sequence[int], dtype: Any = jnp.float32) -> Array:
        return scale * centred_normal(key, shape, dtype)

    return draw


def convolution(
    features: int, kernel: int, *, stride: int = 1, bias: bool, dtype: jnp.dtype, name: str
) -> nn.Conv:
    """Makes a square convolution padded as torch pads: equally on both sides, at any stride."""
    pad = kernel // 2
    return nn.Conv(
        features,
        (kernel, kernel),
        strides=(stride, stride),
        padding=((pad, pad), (pad, pad)),
        use_bias=bias,
        kernel_init=centred_normal,
        dtype=dtype,
        name=name,
    )


class BatchNorm(nn.Module):
    """Normalises each channel over batch and positions, as `torch.nn.BatchNorm2d` does.

    Flax's own keeps the biased variance in its running statistics; torch keeps the unbiased one,
    and weights travel between the two.

    Source: Ioffe & Szegedy 2015, "Batch normalization".
    """

    momentum: float = 0.9  # torch's 0.1, counted from the other end
    epsilon: float = 1e-5
    dtype: jnp.dtype = jnp.float32
    scale_init: nn.initializers.Initializer = nn.initializers.ones

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], *, train: bool) -> Float[Array, "b h w c"]:
        """Returns `x` with mean `bias` and standard deviation `scale` in each channel."""
        channels = x.shape[-1]
        scale = self.param("scale", self.scale_init, (channels,))
        bias = self.param("bias", nn.initializers.zeros, (channels,))
        mean = self.variable("batch_stats", "mean", jnp.zeros, (channels,))
        var = self.variable("batch_stats", "var", jnp.ones, (channels,))
        if train:
            wide = x.astype(jnp.promote_types(x.dtype, jnp.float32))
            batch_mean = wide.mean((0, 1, 2))
            batch_var = jnp.square(wide - batch_mean[None, None, None]).mean((0, 1, 2))
            if not self.is_initializing():
                count = x.size // channels
                unbiased = batch_var * (count / max(count - 1, 1))
                mean.value = self.momentum * mean.value + (1 - self.momentum) * batch_mean
                var.value = self.momentum * var.value + (1 - self.momentum) * unbiased
        else:
            batch_mean, batch_var = mean.value, var.value
        factor = scale * lax.rsqrt(batch_var + self.epsilon)
        offset = bias - batch_mean * factor
        return (x * factor[None, None, None] + offset[None, None, None]).astype(self.dtype)


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
