"""Guided backpropagation: a ReLU whose backward signal is a ReLU, too."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


@jax.custom_vjp
def guided_relu(x: Float[Array, ...]) -> Float[Array, ...]:
    """Equals `relu(x)`; its gradient passes only where x > 0 and the incoming gradient > 0.

    The forward value is the ReLU's own, so a network that is given this activation computes the
    same logits, and one forward pass serves prediction and explanation.

    Source: Springenberg et al. 2015, "Striving for simplicity: the all convolutional net".
    """
    return jnp.maximum(x, 0)


def _forward(x: Array) -> tuple[Array, Array]:
    y = jnp.maximum(x, 0)
    # The output is kept, not a mask: the next layer keeps it already.
    return y, y


def _backward(y: Array, cotangent: Array) -> tuple[Array]:
    return (jnp.where(y > 0, jnp.maximum(cotangent, 0), 0),)


guided_relu.defvjp(_forward, _backward)
