"""The other side: torchvision's networks and torch's own SGD, as used and at its fastest."""
# pyright: reportMissingImports=false

from __future__ import annotations

import functools
from collections.abc import Iterator

import torch
import torchvision

from benchmarks.contest import Work
from benchmarks.train_task import (
    LEARNING_RATES,
    MOMENTUM,
    WEIGHT_DECAY,
    Task,
    Trial,
    Variant,
    draw_batch,
    show,
)

_DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


def trial(task: Task, variant: Variant) -> Trial:
    """Shows torch's side.

    Raises:
      RuntimeError: this machine cannot do it, for want of a compiler for instance.
    """
    name = torch.cuda.get_device_name() if _DEVICE.type == "cuda" else "cpu"
    return show(task, _steps(task, variant), name)


def work(task: Task, variant: Variant) -> Work:
    """Counts the images of steps that are done."""
    for _ in _lasting_steps(task, variant):
        yield task.batch_size


def _steps(task: Task, variant: Variant) -> Iterator[float]:
    """Trains without end; yields each step's loss."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    layout = torch.channels_last if variant.channels_last else torch.contiguous_format
    network = _network(task).train().to(_DEVICE)
    network.to(memory_format=layout)  # pyright: ignore[reportCallIssue] (torch's types lack it)
    sgd = {variant.sgd: True} if variant.sgd else {}
    optimizer = torch.optim.SGD(
        network.parameters(),
        LEARNING_RATES[task.network],
        MOMENTUM,
        weight_decay=WEIGHT_DECAY,
        **sgd,
    )
    images, labels = (torch.from_numpy(one).to(_DEVICE) for one in draw_batch(task))
    images = images.permute(0, 3, 1, 2).contiguous(memory_format=layout)

    def loss_of(images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(network(images), labels)

    forward = torch.compile(loss_of) if variant.compiled else loss_of
    while True:
        optimizer.zero_grad()
        loss = forward(images, labels)
        loss.backward()
        optimizer.step()
        if _DEVICE.type == "cuda":
            torch.cuda.synchronize()
        yield loss.item()


# Compiled once, and going on from round to round.
_lasting_steps = functools.cache(_steps)


def _network(task: Task) -> torch.nn.Module:
    if task.network == "vgg16":
        network = torchvision.models.vgg16(num_classes=task.num_classes, dropout=task.dropout)
    else:
        network = torchvision.models.resnet50(num_classes=task.num_classes)
    network.load_state_dict(torch.load(task.weights, weights_only=True))
    return network
