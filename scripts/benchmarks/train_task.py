"""One step of training, as both sides do it. This file loads neither's libraries; see `sides`."""

from __future__ import annotations

import dataclasses
import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.network_task import AS_USUAL, KEEPS_MEMORY, Task

# Small enough that rounding does not part the losses of two right programs.
LEARNING_RATES = {"vgg16": 1e-5, "resnet50": 1e-3}
MOMENTUM = 0.9
WEIGHT_DECAY = 5e-4
DROPOUT = 0.5  # of VGG's dense layers; without it where losses are compared
COMPARED_STEPS = 3
_TIMED_STEPS = 4


@dataclass(frozen=True, slots=True)
class Variant:
    """How torch does it: by default as most programs do.

    Attributes:
      channels_last: whether maps lie in memory with their channels last.
      compiled: whether `torch.compile` makes one program of network and loss.
      sgd: "foreach" or "fused"; torch chooses where it is empty.
      environment: variables that the process starts with.
    """

    channels_last: bool = False
    compiled: bool = False
    sgd: str = ""
    environment: tuple[tuple[str, str], ...] = tuple(AS_USUAL.items())


@dataclass(frozen=True, slots=True)
class Trial:
    """What a side shows before it competes.

    Attributes:
      losses: of the first steps, without dropout.
      per_sec: images a second of some more steps.
      device: what it ran on.
    """

    losses: tuple[float, ...]
    per_sec: float
    device: str


_BEST = Variant(sgd="fused", environment=tuple(KEEPS_MEMORY.items()))
_LAST = dataclasses.replace(_BEST, channels_last=True)
VARIANTS = {
    "as usual": Variant(),
    "contiguous": _BEST,
    "contiguous, compiled": dataclasses.replace(_BEST, compiled=True),
    "channels_last": _LAST,
    "channels_last, foreach": dataclasses.replace(_LAST, sgd="foreach"),
    "channels_last, compiled": dataclasses.replace(_LAST, compiled=True),
}


def show(task: Task, steps: Iterator[float], device: str) -> Trial:
    """Takes the first steps, which compile, and times some more.

    Args:
      task: what is trained.
      steps: losses, one a step that is done.
      device: what they run on.
    """
    losses = tuple(itertools.islice(steps, COMPARED_STEPS))
    start = time.perf_counter()
    done = sum(1 for _ in itertools.islice(steps, _TIMED_STEPS))
    return Trial(losses, done * task.batch_size / (time.perf_counter() - start), device)
