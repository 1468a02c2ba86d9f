"""The training loop: batches in, state and log out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import jax
import numpy as np
from jax.sharding import Mesh

from camtrap_jax.mesh import Batch, put_batch
from camtrap_jax.train.checkpoint import Checkpoints
from camtrap_jax.train.metrics import MetricsLog
from camtrap_jax.train.state import TrainState, all_finite
from camtrap_jax.train.step import EvalCounts

OnStep = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True)
class Plan:
    """How long to train, and what to do in between; all counts are steps."""

    num_steps: int
    steps_per_epoch: int
    eval_every: int
    checkpoint_every: int


def train(
    state: TrainState,
    batches: Iterator[Batch],
    plan: Plan,
    *,
    mesh: Mesh,
    train_step: Callable[..., tuple[TrainState, dict[str, jax.Array]]],
    evaluate: Callable[[TrainState], dict[str, float]],
    checkpoints: Checkpoints,
    log: MetricsLog,
    on_step: OnStep | None = None,
) -> TrainState:
    """Trains from `state.step` to `plan.num_steps`; `batches` start at that step.

    Raises:
      FloatingPointError: a loss or parameter is not finite; the last checkpoint stays.
    """
    for step in range(int(state.step) + 1, plan.num_steps + 1):
        state, metrics = train_step(state, put_batch(next(batches), mesh))
        written = log.add(step, {**metrics, "epoch": step / plan.steps_per_epoch})
        if on_step:
            on_step(step, written or {})
        last = step == plan.num_steps
        if step % plan.eval_every == 0 or last:
            log.add(step, {**evaluate(state), "epoch": step / plan.steps_per_epoch})
        if step % plan.checkpoint_every == 0 or last:
            log.flush()
            _check_finite(state, step)
            checkpoints.save(state)
    return state


def _check_finite(state: TrainState, step: int) -> None:
    """Refuses a state that would end every run that goes on from it; its loss was still finite."""
    if not all_finite(state):
        raise FloatingPointError(
            f"training: a parameter is not finite after step {step}; lower "
            "--config.train.learning_rate, or set --config.train.gradient_clip=1"
        )


def evaluate_split(
    eval_step: Callable[..., EvalCounts], variables: object, batches: Iterable[Batch], mesh: Mesh
) -> dict[str, float]:
    """Returns loss, overall and mean species accuracy; every image counts once.

    The mean is over the species that have images; without any image all three are nan.
    """
    counts = [eval_step(variables, put_batch(batch, mesh)) for batch in batches]
    if not counts:
        return {"val_loss": np.nan, "val_accuracy": np.nan, "val_mean_species_accuracy": np.nan}
    loss, correct, images = (np.sum(jax.device_get(part), 0) for part in zip(*counts, strict=True))
    present = images > 0
    return {
        "val_loss": float(loss / images.sum()),
        "val_accuracy": float(correct.sum() / images.sum()),
        "val_mean_species_accuracy": float((correct[present] / images[present]).mean()),
    }
