"""Our side: the step that `camtrap train` compiles, on a batch that lies on the device."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import jax

from benchmarks import our_networks
from benchmarks.contest import Work
from benchmarks.network_task import Task, draw_batch
from benchmarks.train_task import LEARNING_RATES, MOMENTUM, WEIGHT_DECAY, Trial, show
from camtrap_jax.config import TrainConfig
from camtrap_jax.train.optimizer import make_optimizer
from camtrap_jax.train.state import init_state
from camtrap_jax.train.step import make_train_step

_ENDLESS = 1_000_000  # steps of which the first third has one learning rate


def trial(task: Task) -> Trial:
    """Shows our side."""
    return show(task, _steps(task), jax.devices()[0].device_kind)


def work(task: Task) -> Work:
    """Counts the images of steps that are done."""
    for _ in _lasting_steps(task):
        yield task.batch_size


def _steps(task: Task) -> Iterator[float]:
    """Trains without end; yields each step's loss."""
    our_networks.use_float32()
    rate = LEARNING_RATES[task.network]
    settings = TrainConfig(
        learning_rate=rate,
        head_learning_rate=rate,
        momentum=MOMENTUM,
        weight_decay=WEIGHT_DECAY,
    )
    optimizer = make_optimizer(settings, _ENDLESS)
    step = make_train_step(our_networks.network(task), optimizer, _unchanged, seed=0)
    state = init_state(our_networks.read_weights(task), optimizer)
    images, labels = draw_batch(task)
    batch = jax.device_put({"pixels": images, "label": labels.astype("int32")})
    while True:
        state, metrics = step(state, batch)
        yield float(metrics["loss"])


# Compiled once, and going on from round to round.
_lasting_steps = functools.cache(_steps)


def _unchanged(keys: Any, images: jax.Array) -> jax.Array:
    del keys
    return images
