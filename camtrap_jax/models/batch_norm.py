"""Batch normalisation as torch defines it, with few passes over the maps."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import jax
import jax.numpy as jnp
from flax import linen as nn
from jax import lax
from jaxtyping import Array, Float

from camtrap_jax.compilation import is_cpu, materialised

_POSITIONS = (0, 1, 2)
# Of the mean's square over the variance, up to which the difference of squares is used: it costs a
# variance up to this times 1e-6 of itself.
_MAX_SHARE_OF_MEAN = 16.0

Maps = Float[Array, "b h w c"]
Channels = Float[Array, " c"]


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
    def __call__(self, x: Maps, *, train: bool) -> Maps:
        """Returns `x` with mean `bias` and standard deviation `scale` in each channel."""
        channels = x.shape[-1]
        scale = self.param("scale", self.scale_init, (channels,))
        bias = self.param("bias", nn.initializers.zeros, (channels,))
        mean = self.variable("batch_stats", "mean", jnp.zeros, (channels,))
        var = self.variable("batch_stats", "var", jnp.ones, (channels,))
        if not train:
            factor = scale * lax.rsqrt(var.value + self.epsilon)
            return _scaled(x, factor, bias - mean.value * factor).astype(self.dtype)
        y, batch_mean, batch_var = normalise_batch(x, scale, bias, self.epsilon)
        if not self.is_initializing():
            count = x.size // channels
            unbiased = batch_var * (count / max(count - 1, 1))
            mean.value = self.momentum * mean.value + (1 - self.momentum) * batch_mean
            var.value = self.momentum * var.value + (1 - self.momentum) * unbiased
        return y.astype(self.dtype)


def normalise_batch(
    x: Maps, scale: Channels, bias: Channels, epsilon: float
) -> tuple[Maps, Channels, Channels]:
    """Gives each channel of a batch the mean `bias` and the standard deviation `scale`.

    Its gradient, written out, reads the maps twice and writes once, where that of the parts would
    pass over them for each.

    Args:
      x: maps.
      scale: of each channel.
      bias: of each channel.
      epsilon: added to the variance.

    Returns:
      The maps; the batch's mean and biased variance, which have no gradient.

    Source: Ioffe & Szegedy 2015, "Batch normalization", section 3.
    """
    y, mean, var = cast(tuple[Array, Array, Array], _normalise(x, scale, bias, epsilon))
    return y, lax.stop_gradient(mean), lax.stop_gradient(var)


@partial(jax.custom_vjp, nondiff_argnums=(3,))
def _normalise(x: Array, scale: Array, bias: Array, epsilon: float) -> tuple[Array, Array, Array]:
    return _forward(x, scale, bias, epsilon)[0]


def _forward(
    x: Array, scale: Array, bias: Array, epsilon: float
) -> tuple[tuple[Array, Array, Array], tuple[Array, ...]]:
    x = materialised(x)
    mean, var = _moments(x.astype(jnp.promote_types(x.dtype, jnp.float32)))
    rate = lax.rsqrt(var + epsilon)
    y = _scaled(x, scale * rate, bias - mean * scale * rate)
    return (y, mean, var), (x, scale, mean, rate)


def _backward(
    epsilon: float, residuals: tuple[Array, ...], cotangents: tuple[Array, Array, Array]
) -> tuple[Array, Array, Array]:
    """Source: Ioffe & Szegedy 2015, section 3, collected by x and by the cotangent."""
    del epsilon
    x, scale, mean, rate = residuals
    cotangent = materialised(cotangents[0]).astype(mean.dtype)
    wide = x.astype(mean.dtype)
    total = cotangent.sum(_POSITIONS)
    along = (cotangent * wide).sum(_POSITIONS) - mean * total  # the same along x - mean
    count = x.size // x.shape[-1]
    slope = scale * rate
    of_x = -slope * jnp.square(rate) * along / count
    offset = -slope * total / count - of_x * mean
    gradient = cotangent * slope[None, None, None] + _scaled(wide, of_x, offset)
    return gradient.astype(x.dtype), along * rate, total


_normalise.defvjp(_forward, _backward)


def _moments(x: Array) -> tuple[Array, Array]:
    """Returns mean and variance over batch and positions.

    On a CPU both come from one pass over the maps. Where a channel's mean is so large beside its
    standard deviation that the difference of squares would lose digits, a second pass is made.
    """
    mean = x.mean(_POSITIONS)

    def around_mean() -> Array:
        return jnp.square(x - mean[None, None, None]).mean(_POSITIONS)

    if not is_cpu():
        return mean, around_mean()
    square = jnp.square(mean)
    var = jnp.square(x).mean(_POSITIONS) - square
    is_lost = (square > _MAX_SHARE_OF_MEAN * var).any()
    return mean, lax.cond(is_lost, around_mean, lambda: var)


def _scaled(x: Array, factor: Array, offset: Any) -> Array:
    return x * factor[None, None, None] + offset[None, None, None]
