"""What both sides do with a network. This file loads neither's libraries; see `sides`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

# Large pages, and freed memory kept: else each large activation is fetched from the kernel anew.
_KEPT = 2**40
KEEPS_MEMORY = {
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"
    f":glibc.malloc.mmap_threshold={_KEPT}:glibc.malloc.trim_threshold={_KEPT}"
}
AS_USUAL = {"GLIBC_TUNABLES": ""}


@dataclass(frozen=True, slots=True)
class Task:
    """What is run.

    Attributes:
      network: vgg16 or resnet50.
      weights: file that both sides start from.
      batch_size: images of a step.
      image_size: px, square.
      num_classes: of the logits.
      dropout: of VGG's dense layers, in training.
    """

    network: str
    weights: Path
    batch_size: int
    image_size: int
    num_classes: int
    dropout: float = 0.0


def draw_batch(task: Task) -> tuple[np.ndarray, np.ndarray]:
    """Draws normalised images [batch, height, width, 3] and their labels, always the same."""
    rng = np.random.default_rng(0)
    shape = (task.batch_size, task.image_size, task.image_size, 3)
    images = rng.normal(size=shape).astype(np.float32)
    return images, rng.integers(0, task.num_classes, task.batch_size)


def our_environment(share: float) -> dict[str, str]:
    """Returns the variables that our processes start with.

    Args:
      share: of an accelerator's memory that a process takes; others stand beside it.
    """
    return {
        "XLA_PYTHON_CLIENT_MEM_FRACTION": str(share),
        "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # as `camtrap` sets it
    }
