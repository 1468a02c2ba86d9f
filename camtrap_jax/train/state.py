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
    average: Any  # running means of params and batch_stats; empty where none are kept

    @property
    def variables(self) -> dict[str, Any]:
        """The network's variables, as its `apply` takes them."""
        stats = {"batch_stats": self.batch_stats} if self.batch_stats else {}
        return {"params": self.params, **stats}

    @property
    def result(self) -> dict[str, Any]:
        """The variables that are evaluated and saved: the running means where they are kept."""
        return self.average or self.variables


@jax.jit
def all_finite(state: TrainState) -> Bool[Array, ""]:
    """Tells whether every number of a state is finite."""
    return jnp.all(jnp.stack([jnp.isfinite(leaf).all() for leaf in jax.tree.leaves(state)]))


def init_state(
    variables: dict[str, Any], optimizer: optax.GradientTransformation, *, averages: bool = False
) -> TrainState:
    """Makes the state before the first step.

    Args:
      variables: of the network.
      optimizer: of its parameters.
      averages: whether running means of the variables are kept.
    """
    kept = {name: variables[name] for name in ("params", "batch_stats") if variables.get(name)}
    return TrainState(
        step=jnp.zeros((), jnp.int32),
        params=variables["params"],
        batch_stats=variables.get("batch_stats", {}),
        opt_state=optimizer.init(variables["params"]),
        # Copies: a step takes its state's buffers, each of them once.
        average=jax.tree.map(jnp.copy, kept) if averages else {},
    )


def running_average(
    average: Any, variables: Any, num_updates: Int[Array, ""], *, decay: float
) -> Any:
    """Moves running means towards the variables after an update.

    The first updates weigh more, so that the random start does not stay in the mean: the n-th
    leaves min(decay, n / (n + 9)) of what the mean was, the first a tenth.

    Args:
      average: the running means.
      variables: what they are of.
      num_updates: how many updates there have been, this one included; at least 1.
      decay: how much of the mean is kept in the long run; 0.999 means the last thousand updates.

    Source: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging", as an
    exponential mean.
    """
    count = num_updates.astype(jnp.float32)
    kept = jnp.minimum(decay, count / (count + 9))
    return jax.tree.map(lambda old, new: new + kept * (old - new), average, variables)
