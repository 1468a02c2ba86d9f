"""The training log as TensorBoard's event files; the only file that knows how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tensorboardX import SummaryWriter


class EventFiles:
    """The folder that `tensorboard --logdir` is given."""

    def __init__(self, folder: Path, *, start_step: int) -> None:
        """Begins a file; TensorBoard leaves out what older ones say about later steps."""
        self._writer = SummaryWriter(str(folder), purge_step=start_step + 1)

    def add(self, step: int, metrics: Mapping[str, float]) -> None:
        """Adds a point to each curve, those of the validation images under a name of their own."""
        for name, value in metrics.items():
            group = "validation" if name.startswith("val_") else "training"
            self._writer.add_scalar(f"{group}/{name.removeprefix('val_')}", value, step)

    def close(self) -> None:
        """Writes what is left."""
        self._writer.close()
