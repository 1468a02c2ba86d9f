"""Our side: what `camtrap explain` compiles, on a batch that lies on the device."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from benchmarks import our_networks
from benchmarks.attribution_task import OURS, THREE_MAPS, Shown, images_per_sec
from benchmarks.contest import Work
from benchmarks.network_task import Task, draw_batch
from camtrap_jax.compilation import compiler_options
from camtrap_jax.explain.cam import upsample
from camtrap_jax.explain.engine import make_explainer


def trial(task: Task) -> Shown:
    """Shows our side with all three maps."""
    explain = _lasting_program(task, THREE_MAPS)
    found = explain()._asdict()
    enlarged = upsample(found["grad_cam"], (task.image_size, task.image_size))
    arrays = {name: np.asarray(array) for name, array in found.items() if array is not None}
    return Shown(
        {**arrays, "enlarged": np.asarray(enlarged)},
        images_per_sec(task, explain),
        jax.devices()[0].device_kind,
    )


def work(task: Task, name: str) -> Work:
    """Counts the images of batches that are done.

    Args:
      task: what is explained.
      name: which of `OURS`.
    """
    explain = _lasting_program(task, name)
    while True:
        explain()
        yield task.batch_size


def _program(task: Task, name: str) -> Callable[[], Any]:
    """Returns a function that explains the batch, and returns when all of it is there."""
    our_networks.use_float32()
    model, variables = our_networks.network(task), our_networks.read_weights(task)
    images, labels = jax.device_put(draw_batch(task))
    labels = labels.astype("int32")
    outputs = OURS[name]
    if outputs is None:
        return _predicting(model, variables, images)
    explain = make_explainer(model, variables, outputs=outputs)
    return lambda: jax.block_until_ready(explain(images, labels))


def _predicting(model: Any, variables: Any, images: jax.Array) -> Callable[[], Any]:
    folded, variables = model.fold(variables)

    @jax.jit(compiler_options=compiler_options())
    def predict(variables: Any, images: jax.Array) -> jax.Array:
        return folded.apply(variables, images).logits

    return lambda: jax.block_until_ready(predict(variables, images))


# Compiled once, and going on from round to round.
_lasting_program = functools.cache(_program)
