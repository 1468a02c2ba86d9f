"""Stage `train`: from a dataset and a config to checkpoints and weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax.sharding import Mesh
from jaxtyping import Float

from camtrap_jax.config import Config
from camtrap_jax.data.batches.augment import augment, normalise
from camtrap_jax.data.batches.pipeline import (
    eval_batches,
    num_steps_per_epoch,
    train_iterator,
    train_rows,
)
from camtrap_jax.data.manifest import class_labels
from camtrap_jax.mesh import (
    is_first_process,
    make_mesh,
    padded_batch_size,
    process_share,
    put_replicated,
)
from camtrap_jax.models import Network, make_model, save_weights
from camtrap_jax.models.weights import start_from
from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.study.console import Console, OnProgress
from camtrap_jax.train.checkpoint import Checkpoints
from camtrap_jax.train.loop import OnStep, Plan, evaluate_split, train
from camtrap_jax.train.metrics import MetricsLog
from camtrap_jax.train.optimizer import make_optimizer
from camtrap_jax.train.state import TrainState, init_state
from camtrap_jax.train.step import make_eval_step, make_train_step

LOAD_MARGIN = 8 / 7  # training frames are decoded larger than the input, as 256 is to 224


def train_run(run: RunFolder, config: Config, console: Console) -> None:
    """Trains the network of `config`, from the newest checkpoint if there is one.

    Writes RUN/checkpoints, RUN/train/metrics.jsonl and, at the end, RUN/weights.safetensors.

    Raises:
      FloatingPointError: a loss is not finite.
      ValueError: the checkpoint is damaged, or the weights to start from do not fit.
    """
    dataset, settings = run.dataset, config.train
    _check_batch_size(settings.batch_size)
    num_images = len(train_rows(dataset))
    steps_per_epoch = num_steps_per_epoch(num_images, settings.batch_size)
    plan = Plan(
        num_steps=settings.epochs * steps_per_epoch,
        steps_per_epoch=steps_per_epoch,
        eval_every=settings.eval_every_epochs * steps_per_epoch,
        checkpoint_every=settings.checkpoint_every_steps,
    )
    mesh = make_mesh()
    model = build_network(config, len(dataset.classes), compute_dtype=settings.compute_dtype)
    optimizer = make_optimizer(settings, plan.num_steps)
    with Checkpoints(run.root / "checkpoints") as checkpoints:
        resumes = checkpoints.latest_step is not None
        variables = initial_variables(model, config, start_from_file=not resumes)
        state = put_replicated(init_state(variables, optimizer), mesh)
        if resumes:
            state = checkpoints.load(state)
            console.say(f"train: continuing after step {int(state.step)} of {plan.num_steps}")
        parts = _Parts(model, optimizer, plan, mesh, checkpoints)
        state = _train(run, config, parts, state, console)
    if is_first_process():
        save_weights(run.root / "weights.safetensors", state.variables)


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


@dataclass(frozen=True)
class _Parts:
    model: Network
    optimizer: optax.GradientTransformation
    plan: Plan
    mesh: Mesh
    checkpoints: Checkpoints


def _train(
    run: RunFolder, config: Config, parts: _Parts, state: TrainState, console: Console
) -> TrainState:
    settings, dataset = config.train, run.dataset
    index, count = process_share()
    start_step = int(state.step)
    batches = train_iterator(
        dataset,
        size_px=round(config.model.image_size * LOAD_MARGIN),
        batch_size=settings.batch_size,
        seed=settings.seed,
        balanced=settings.class_balance == "sampling",
        start_step=start_step,
        num_workers=settings.num_workers,
        process_index=index,
        process_count=count,
    )
    train_step = make_train_step(
        parts.model,
        parts.optimizer,
        partial(
            augment,
            size_px=config.model.image_size,
            min_area=settings.min_crop_area,
            jitter=settings.color_jitter,
        ),
        seed=settings.seed,
        freeze_trunk=settings.freeze_trunk,
        label_smoothing=settings.label_smoothing,
        class_weights=class_weights(dataset) if settings.class_balance == "loss" else None,
    )
    log = MetricsLog(run.root / "train" / "metrics.jsonl", start_step=start_step)
    try:
        return train(
            state,
            batches,
            parts.plan,
            mesh=parts.mesh,
            train_step=train_step,
            evaluate=_make_evaluator(dataset, config, parts.model, parts.mesh),
            checkpoints=parts.checkpoints,
            log=log,
            on_step=_on_step(console.progress("train"), parts.plan, settings.batch_size),
        )
    finally:
        log.close()


def class_weights(dataset: DatasetFolder) -> Float[np.ndarray, " classes"]:
    """Returns weights with which all species count alike; their mean over training images is 1."""
    labels = class_labels(dataset.manifest, dataset.classes)[train_rows(dataset)]
    counts = np.bincount(labels, minlength=len(dataset.classes))
    return len(labels) / np.maximum(counts, 1) / np.count_nonzero(counts)


def _make_evaluator(
    dataset: DatasetFolder, config: Config, model: Network, mesh: Mesh
) -> Callable[[TrainState], dict[str, float]]:
    eval_step = make_eval_step(model, normalise, num_classes=len(dataset.classes))
    rows = np.flatnonzero((dataset.manifest["split"] == "val").to_numpy())
    batch_size = padded_batch_size(config.train.batch_size)
    index, count = process_share()

    def evaluate(state: TrainState) -> dict[str, float]:
        batches = eval_batches(
            dataset,
            rows,
            size_px=config.model.image_size,
            batch_size=batch_size,
            process_index=index,
            process_count=count,
        )
        return evaluate_split(eval_step, state.variables, batches, mesh)

    return evaluate


def _on_step(on_progress: OnProgress, plan: Plan, batch_size: int) -> OnStep:
    def on_step(step: int, metrics: dict[str, float]) -> None:
        notes = [f"{name} {metrics[name]:.3f}" for name in ("loss", "accuracy") if name in metrics]
        on_progress(step * batch_size, plan.num_steps * batch_size, ", ".join(notes))

    return on_step


def _check_batch_size(batch_size: int) -> None:
    if batch_size % jax.device_count():
        raise ValueError(
            f"train.batch_size: expected a multiple of the {jax.device_count()} devices, "
            f"got {batch_size}; set --config.train.batch_size={padded_batch_size(batch_size)}"
        )
