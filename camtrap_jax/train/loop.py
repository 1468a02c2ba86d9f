"""The training loop: batches in, state and log out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import jax
import numpy as np
from jax.sharding import Mesh

from camtrap_jax.mesh import Batch, put_batch
from camtrap_jax.train.checkpoint import Checkpoints
from camtrap_jax.train.interruption import StopRequest, TrainingStopped
from camtrap_jax.train.metrics import MetricsLog
from camtrap_jax.train.selection import best_step, is_over
from camtrap_jax.train.state import TrainState, all_finite
from camtrap_jax.train.step import EvalCounts

OnStep = Callable[[int, dict[str, float]], None]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long to train, and what to do in between; counts are steps but for `patience`."""

    num_steps: int
    steps_per_epoch: int
    eval_every: int
    checkpoint_every: int
    patience: int = 0  # evaluations without a better one after which training ends; 0: never


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
    stop: StopRequest = lambda step: None,
    on_step: OnStep | None = None,
) -> TrainState:
    """Trains from `state.step` to `plan.num_steps`; `batches` start at that step.

    A checkpoint is written as planned, after the last step, and after every evaluation that is the
    best so far.

    Raises:
      FloatingPointError: a loss or parameter is not finite; the last checkpoint stays.
      TrainingStopped: `stop` returned a signal; the state is saved.
    """
    if is_over(log.evaluations, patience=plan.patience):
        return state
    for step in range(int(state.step) + 1, plan.num_steps + 1):
        state, metrics = train_step(state, put_batch(next(batches), mesh))
        epoch = {"epoch": step / plan.steps_per_epoch}
        written = log.add(step, {**metrics, **epoch})
        if on_step:
            on_step(step, written or {})
        is_last = step == plan.num_steps
        if step % plan.eval_every == 0 or is_last:
            log.add(step, {**evaluate(state), **epoch})
            log.flush()
            is_last |= is_over(log.evaluations, patience=plan.patience)
        best = best_step(log.evaluations)
        asked = stop(step)
        if step % plan.checkpoint_every == 0 or is_last or step == best or asked:
            log.flush()
            _check_finite(state, step)
            checkpoints.keep(best)
            checkpoints.save(state)
        if is_last:
            break
        if asked:
            checkpoints.wait()
            raise TrainingStopped(step, asked)
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
