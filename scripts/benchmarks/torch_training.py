"""The other side: torchvision's networks and torch's own SGD, as used and at its fastest."""
# pyright: reportMissingImports=false

from __future__ import annotations

import functools
from collections.abc import Iterator

import torch

from benchmarks import torch_networks
from benchmarks.contest import Work
from benchmarks.network_task import Task
from benchmarks.train_task import (
    LEARNING_RATES,
    MOMENTUM,
    WEIGHT_DECAY,
    Trial,
    Variant,
    show,
)


def trial(task: Task, variant: Variant) -> Trial:
    """Shows torch's side.

    Raises:
      RuntimeError: this machine cannot do it, for want of a compiler for instance.
    """
    return show(task, _steps(task, variant), torch_networks.device_name())


def work(task: Task, variant: Variant) -> Work:
    """Counts the images of steps that are done."""
    for _ in _lasting_steps(task, variant):
        yield task.batch_size


def _steps(task: Task, variant: Variant) -> Iterator[float]:
    """Trains without end; yields each step's loss."""
    torch_networks.use_float32()
    network = torch_networks.network(task, channels_last=variant.channels_last).train()
    sgd = {variant.sgd: True} if variant.sgd else {}
    optimizer = torch.optim.SGD(
        network.parameters(),
        LEARNING_RATES[task.network],
        MOMENTUM,
        weight_decay=WEIGHT_DECAY,
        **sgd,
    )
    images, labels = torch_networks.batch(task, channels_last=variant.channels_last)

    def loss_of(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(network(images), labels)

    forward = torch.compile(loss_of) if variant.compiled else loss_of
    while True:
        optimizer.zero_grad()
        loss = forward(images, labels)
        loss.backward()
        optimizer.step()
        torch_networks.wait()
        yield loss.item()


# Compiled once, and going on from round to round.
_lasting_steps = functools.cache(_steps)
