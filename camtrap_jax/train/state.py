"""What training carries from step to step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Int


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class TrainState:
    """Everything needed to go on exactly; random keys are derived from `step`."""

    step: Int[Array, ""]
    params: Any
    batch_stats: Any  # empty for a network without BatchNorm
    opt_state: optax.OptState

    @property
    def variables(self) -> dict[str, Any]:
        """The network's variables, as its `apply` takes them."""
        stats = {"batch_stats": self.batch_stats} if self.batch_stats else {}
        return {"params": self.params, **stats}


@jax.jit
def all_finite(state: TrainState) -> Bool[Array, ""]:
    """Tells whether every number of a state is finite."""
    return jnp.all(jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(state)]))


def init_state(variables: dict[str, Any], optimizer: optax.GradientTransformation) -> TrainState:
    """Makes the state before the first step."""
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=variables["params"],
        batch_stats=variables.get("batch_stats", {}),
        opt_state=optimizer.init(variables["params"]),
    )
