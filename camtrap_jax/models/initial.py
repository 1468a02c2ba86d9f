"""Weights that networks start from."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from flax import linen as nn
from jaxtyping import Array


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
