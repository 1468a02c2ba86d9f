"""Our networks, and the weights that both sides start from."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks.network_task import Task
from camtrap_jax.models import Network, load_weights, make_model, save_weights


def write_weights(task: Task, varied: bool) -> None:
    """Draws weights as training does, and writes them where both sides read them."""
    model = network(task)
    images = jnp.zeros((1, task.image_size, task.image_size, 3))
    variables = jax.jit(model.init)(jax.random.key(0), images)
    save_weights(task.weights, _varied(variables) if varied else variables)


def network(task: Task) -> Network:
    """Makes the network."""
    return make_model(task.network, num_classes=task.num_classes, dropout=task.dropout)


def read_weights(task: Task) -> dict[str, Any]:
    """Returns its variables."""
    return load_weights(task.weights, network(task))


def use_float32() -> None:
    """Has accelerators multiply in float32; the default there is TF32."""
    if jax.default_backend() != "cpu":
        jax.config.update("jax_default_matmul_precision", "highest")


def _varied(variables: dict[str, Any]) -> dict[str, Any]:
    """Draws what training starts at 0 or 1; else a ResNet's blocks would be their shortcuts."""
    rng = np.random.default_rng(0)

    def drawn(path: Any, leaf: jax.Array) -> Any:
        name = path[-1].key
        if name in {"bias", "mean"}:
            return rng.normal(0, 0.1, leaf.shape).astype(np.float32)
        if name in {"scale", "var"}:
            return rng.uniform(0.3, 0.9, leaf.shape).astype(np.float32)
        return leaf

    return jax.tree_util.tree_map_with_path(drawn, variables)
