"""Stochastic gradient descent with momentum, one learning rate for trunk and one for head."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import Any

import jax
import optax

from camtrap_jax.config import TrainConfig

HEAD_LAYERS = ("fc", "fc6", "fc7", "fc8")


def make_optimizer(
    config: TrainConfig, num_steps: int, *, is_frozen: Callable[[str], bool] = lambda layer: False
) -> optax.GradientTransformation:
    """Makes torch's SGD: decay is added to the gradient, momentum is not dampened.

    Args:
      config: of `accumulate_steps` gradients the mean is taken before one update, and clipped.
      num_steps: batches of the whole training; schedules count updates.
      is_frozen: which layers of the trunk stay as they are, by name.

    Raises:
      ValueError: there are fewer batches than one update takes.
    """
    num_updates = num_steps // config.accumulate_steps
    if not num_updates:
        raise ValueError(
            f"train.accumulate_steps: expected at most the {num_steps} batches of the whole "
            f"training, got {config.accumulate_steps}; nothing would be learnt"
        )
    decayed = None if config.decay_biases_and_norms else is_kernel

    def group(learning_rate: float) -> optax.GradientTransformation:
        schedule = make_schedule(config, learning_rate, num_updates)
        return optax.chain(
            optax.add_decayed_weights(config.weight_decay, mask=decayed),
            optax.sgd(schedule, momentum=config.momentum),
        )

    groups: dict[Hashable, optax.GradientTransformation] = {
        "frozen": optax.set_to_zero(),
        "trunk": group(config.learning_rate),
        "head": group(config.head_learning_rate),
    }

    def label(path: Any, _: Any) -> str:
        layer = path[0].key
        if layer in HEAD_LAYERS:
            return "head"
        return "frozen" if is_frozen(layer) else "trunk"

    optimizer = optax.partition(groups, partial(jax.tree_util.tree_map_with_path, label))
    if config.gradient_clip:
        optimizer = optax.chain(optax.clip_by_global_norm(config.gradient_clip), optimizer)
    if config.accumulate_steps > 1:
        optimizer = optax.MultiSteps(optimizer, config.accumulate_steps).gradient_transformation()
    return optimizer


def make_schedule(config: TrainConfig, learning_rate: float, num_steps: int) -> optax.Schedule:
    """Makes the learning rate of each step: linear warm-up, then steps or a cosine."""
    warmup = round(config.warmup_fraction * num_steps)
    rest = max(num_steps - warmup, 1)
    if config.schedule == "cosine":
        after = optax.cosine_decay_schedule(learning_rate, rest)
    else:
        thirds = {max(1, round(rest * k / 3)): 0.1 for k in (1, 2)}
        after = optax.piecewise_constant_schedule(learning_rate, thirds)
    if not warmup:
        return after
    rise = optax.linear_schedule(learning_rate / warmup, learning_rate, warmup - 1)
    return optax.join_schedules([rise, after], [warmup])


def is_kernel(params: Any) -> Any:
    """Tells for each parameter whether it is a layer's weight: no bias, and not BatchNorm's."""
    return jax.tree_util.tree_map_with_path(lambda path, _: path[-1].key == "kernel", params)
