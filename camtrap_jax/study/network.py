"""The network that a config describes, and where its weights start."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from camtrap_jax.config import Config
from camtrap_jax.models import Network, make_model
from camtrap_jax.models.weights import start_from


def build_network(config: Config, num_classes: int, *, compute_dtype: str = "float32") -> Network:
    """Makes the network that a config describes; what is not training computes in float32."""
    settings = config.model
    return make_model(
        settings.name,
        num_classes=num_classes,
        width=settings.width,
        dropout=settings.dropout,
        dense_scale=settings.dense_scale,
        dtype=jnp.dtype(compute_dtype),
    )


def initial_variables(
    model: Network, config: Config, *, start_from_file: bool = True
) -> dict[str, Any]:
    """Draws a network's variables, and takes those of `model.init_from` where it is given.

    Args:
      model: the network.
      config: all settings.
      start_from_file: whether that file is read; a checkpoint has all it gave.
    """
    side = config.model.image_size
    images = jnp.zeros((1, side, side, 3), jnp.float32)
    variables = jax.jit(model.init)(jax.random.key(config.train.seed), images)
    if config.model.init_from and start_from_file:
        variables = start_from(config.model.init_from, variables)
    return variables
