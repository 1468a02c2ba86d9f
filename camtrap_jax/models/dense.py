"""Dense layers, with gradients that pass over large weights as rarely as can be on a CPU."""

from __future__ import annotations

from typing import Any, cast

import jax
import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array, Float

from camtrap_jax.compilation import is_cpu, materialised

_INITIAL = nn.initializers.lecun_normal()  # as `nn.Dense` has it
_FEW = 16  # rows, up to which their products are faster made anew than kept

Rows = Float[Array, "batch c"]
Weights = Float[Array, "c d"]


def dense(
    features: int,
    *,
    dtype: jnp.dtype,
    kernel_init: nn.initializers.Initializer = _INITIAL,
) -> nn.Dense:
    """Makes a dense layer for batches that are small beside its weights."""
    return nn.Dense(
        features,
        dtype=dtype,
        kernel_init=kernel_init,
        dot_general=_for_flax if is_cpu() else None,
    )


def _for_flax(x: Array, weights: Array, *_: Any, **__: Any) -> Array:
    """Takes what Flax gives to `lax.dot_general`."""
    return cast(Array, multiply(x, weights))


@jax.custom_vjp
def multiply(x: Rows, weights: Weights) -> Float[Array, "batch d"]:
    """Multiplies a batch with weights.

    XLA's gradient of the batch has the weights' rows as its inner sum and one thread; with the
    operands the other way round each row is one thread's, which takes a quarter of the time.

    The gradient of the weights, of a small batch, is a sum that XLA computes within the update:
    VGG-16's fc6 has 411 MB, and nothing is faster than not to write and read them.
    """
    return x @ weights


def _forward(x: Array, weights: Array) -> tuple[Array, tuple[Array, Array]]:
    return x @ weights, (x, weights)


def _backward(residuals: tuple[Array, Array], cotangent: Array) -> tuple[Array, Array]:
    x, weights = residuals
    of_x = materialised(weights @ materialised(cotangent.T)).T
    if len(x) > _FEW:
        return of_x, materialised(x.T) @ cotangent
    # Only when the weights were read for the last time may their update begin: so it is in place.
    of_x, x, cotangent = jax.lax.optimization_barrier((of_x, x, cotangent))
    products = (row[:, None] * of_row[None] for row, of_row in zip(x, cotangent, strict=True))
    return of_x, sum(products, start=jnp.zeros_like(weights))


multiply.defvjp(_forward, _backward)
