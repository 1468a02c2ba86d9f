"""Stage `train`: from a dataset and a config to checkpoints and weights."""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
import optax
from jax.sharding import Mesh
from jaxtyping import Float

from camtrap_jax.config import Config, TrainConfig, config_to_dict
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.data.batches.pipeline import num_steps_per_epoch, train_rows, val_rows
from camtrap_jax.data.manifest import class_labels
from camtrap_jax.mesh import is_first_process, make_mesh, padded_batch_size, put_replicated
from camtrap_jax.models import Network, save_weights
from camtrap_jax.models.stages import stage_of
from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.study.console import Console, OnProgress
from camtrap_jax.study.frozen_maps import FrozenMaps, compute_frozen_maps, maps_folder
from camtrap_jax.study.network import build_network, initial_variables
from camtrap_jax.study.training_batches import augmentation, train_batches, validation_batches
from camtrap_jax.train.checkpoint import Checkpoints
from camtrap_jax.train.interruption import TrainingStopped, stop_requests
from camtrap_jax.train.loop import OnStep, Plan, evaluate_split, train
from camtrap_jax.train.metrics import MetricsLog
from camtrap_jax.train.optimizer import make_optimizer
from camtrap_jax.train.selection import best_step
from camtrap_jax.train.state import TrainState, init_state
from camtrap_jax.train.step import make_eval_step, make_train_step


@dataclass(frozen=True)
class _Training:
    """What one training is made of; `maps` where frozen stages were computed before."""

    run: RunFolder
    config: Config
    model: Network
    optimizer: optax.GradientTransformation
    plan: Plan
    mesh: Mesh
    maps: FrozenMaps | None = None

    @property
    def first(self) -> int:
        """The stage that batches enter."""
        return self.config.train.frozen_stages if self.maps else 0


def train_run(run: RunFolder, config: Config, console: Console) -> None:
    """Trains the network of `config`, from the newest checkpoint if there is one.

    Writes RUN/checkpoints, RUN/train/metrics.jsonl and, at the end, RUN/weights.safetensors.

    Raises:
      FloatingPointError: a loss is not finite.
      ValueError: a setting does not fit the data or devices, the checkpoint is damaged or of other
        settings, or the weights to start from do not fit.
      OSError: a checkpoint cannot be written; whole ones stay.
      TrainingStopped: a signal asked for it; the state is saved.
    """
    settings = config.train
    _check_settings(run.dataset, settings)
    training = _make_training(run, config)
    with Checkpoints(run.root / "checkpoints", _settings_of(run, config)) as checkpoints:
        state = _first_state(training, checkpoints, console)
        if settings.reused_views and int(state.step) < training.plan.num_steps:
            maps = compute_frozen_maps(run, config, training.model, state.variables, console)
            training = dataclasses.replace(training, maps=maps)
        log = _open_log(run, config, start_step=int(state.step))
        try:
            state = _train(training, state, checkpoints, log, console)
        except TrainingStopped as stopped:
            console.say(f"train: {stopped}; the same command goes on from there")
            raise
        finally:
            log.close()
        if settings.final_weights == "best":
            checkpoints.wait()
            saved = [one for one in log.evaluations if one["step"] in checkpoints.steps]
            state = checkpoints.load(state, step=best_step(saved))
    if is_first_process():
        save_weights(run.root / "weights.safetensors", state.result)
        shutil.rmtree(maps_folder(run), ignore_errors=True)


def class_weights(dataset: DatasetFolder) -> Float[np.ndarray, " classes"]:
    """Returns weights with which all species count alike; their mean over training images is 1."""
    labels = class_labels(dataset.manifest, dataset.classes)[train_rows(dataset)]
    counts = np.bincount(labels, minlength=len(dataset.classes))
    return len(labels) / np.maximum(counts, 1) / np.count_nonzero(counts)


def _make_training(run: RunFolder, config: Config) -> _Training:
    settings = config.train
    steps_per_epoch = num_steps_per_epoch(len(train_rows(run.dataset)), settings.batch_size)
    plan = Plan(
        num_steps=settings.epochs * steps_per_epoch,
        steps_per_epoch=steps_per_epoch,
        eval_every=settings.eval_every_epochs * steps_per_epoch,
        checkpoint_every=settings.checkpoint_every_steps,
        patience=settings.patience,
    )
    num_classes = len(run.dataset.classes)
    model = build_network(config, num_classes, compute_dtype=settings.compute_dtype)
    optimizer = make_optimizer(
        settings,
        plan.num_steps,
        is_frozen=lambda layer: stage_of(layer) < settings.frozen_stages,
    )
    return _Training(run, config, model, optimizer, plan, make_mesh())


def _first_state(training: _Training, checkpoints: Checkpoints, console: Console) -> TrainState:
    """Returns the state of the newest checkpoint, or else the one before the first step."""
    resumes = checkpoints.latest_step is not None
    variables = initial_variables(training.model, training.config, start_from_file=not resumes)
    averages = training.config.train.average_decay > 0
    state = init_state(variables, training.optimizer, averages=averages)
    state = put_replicated(state, training.mesh)
    if resumes:
        state = checkpoints.load(state)
        done, planned = int(state.step), training.plan.num_steps
        console.say(f"train: continuing after step {done} of {planned}")
    return state


def _train(
    training: _Training,
    state: TrainState,
    checkpoints: Checkpoints,
    log: MetricsLog,
    console: Console,
) -> TrainState:
    settings, dataset = training.config.train, training.run.dataset
    train_step = make_train_step(
        training.model,
        training.optimizer,
        augmentation(training.config, training.maps),
        seed=settings.seed,
        frozen_stages=settings.frozen_stages,
        first=training.first,
        label_smoothing=settings.label_smoothing,
        class_weights=class_weights(dataset) if settings.class_balance == "loss" else None,
        average_decay=settings.average_decay,
        accumulate_steps=settings.accumulate_steps,
    )
    with stop_requests() as stop:
        return train(
            state,
            train_batches(training.run, training.config, training.maps, start_step=int(state.step)),
            training.plan,
            mesh=training.mesh,
            train_step=train_step,
            evaluate=_make_evaluator(training),
            checkpoints=checkpoints,
            log=log,
            stop=stop,
            on_step=_on_step(console.progress("train"), training.plan, settings.batch_size),
        )


def _make_evaluator(training: _Training) -> Callable[[TrainState], dict[str, float]]:
    dataset = training.run.dataset
    eval_step = make_eval_step(
        training.model,
        (lambda maps: maps) if training.maps else normalise,
        num_classes=len(dataset.classes),
        first=training.first,
    )

    def evaluate(state: TrainState) -> dict[str, float]:
        batches = validation_batches(training.run, training.config, training.maps)
        return evaluate_split(eval_step, state.result, batches, training.mesh)

    return evaluate


def _open_log(run: RunFolder, config: Config, *, start_step: int) -> MetricsLog:
    events = None
    if config.train.tensorboard and is_first_process():
        from camtrap_jax.train.events import EventFiles  # noqa: PLC0415 (it takes a second)

        events = EventFiles(run.root / "train" / "tensorboard", start_step=start_step)
    return MetricsLog(run.root / "train" / "metrics.jsonl", start_step=start_step, events=events)


def _on_step(on_progress: OnProgress, plan: Plan, batch_size: int) -> OnStep:
    def on_step(step: int, metrics: dict[str, float]) -> None:
        notes = [f"{name} {metrics[name]:.3f}" for name in ("loss", "accuracy") if name in metrics]
        on_progress(step * batch_size, plan.num_steps * batch_size, ", ".join(notes))

    return on_step


def _settings_of(run: RunFolder, config: Config) -> dict[str, Any]:
    """Returns what a training state depends on."""
    sections = config_to_dict(config)
    digest = {"dataset": {"sha256": run.provenance["dataset_sha256"]}}
    return {name: sections[name] for name in ("model", "train")} | digest


def _check_settings(dataset: DatasetFolder, settings: TrainConfig) -> None:
    """Refuses settings that fit neither the devices nor the data; all problems at once."""
    problems, batch_size = [], settings.batch_size
    if batch_size % jax.device_count():
        problems.append(
            f"train.batch_size: expected a multiple of the {jax.device_count()} devices, "
            f"got {batch_size}; set --config.train.batch_size={padded_batch_size(batch_size)}"
        )
    if (settings.patience or settings.final_weights == "best") and not len(val_rows(dataset)):
        problems.append(
            "train.patience, train.final_weights=best: expected images with split=val in "
            f"{dataset.root / 'manifest.csv'}, got none; nothing tells which weights are best"
        )
    if problems:
        raise ValueError("; ".join(problems))
