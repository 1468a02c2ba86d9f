"""The training log: JSON lines, written one step late so that logging never waits."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import jax

from camtrap_jax.mesh import is_first_process
from camtrap_jax.store import atomic_path

if TYPE_CHECKING:  # it loads torch where there is one
    from camtrap_jax.train.events import EventFiles


class MetricsLog:
    """Appends to `metrics.jsonl`; knows which lines a continued run has to drop.

    All processes of a run keep the same numbers in mind; the first writes them.

    Attributes:
      evaluations: the lines about validation images so far, of this run and of those before.
    """

    def __init__(self, path: Path, *, start_step: int, events: EventFiles | None = None) -> None:
        """Opens the file and drops lines of steps after `start_step`, which will run again.

        Args:
          path: of the file.
          start_step: the step from which training goes on.
          events: where every line goes, too.
        """
        kept = [line for line in _whole_lines(path) if json.loads(line)["step"] <= start_step]
        if is_first_process():
            with atomic_path(path) as temporary:
                temporary.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        else:
            path = Path(os.devnull)
        self._stream: TextIO = path.open("a", encoding="utf-8")
        self._pending: tuple[int, dict[str, Any]] | None = None
        self._events = events
        lines = [json.loads(line) for line in kept]
        self.evaluations = [_with_nan(line) for line in lines if _is_evaluation(line)]

    def add(self, step: int, metrics: dict[str, Any]) -> dict[str, float] | None:
        """Takes a step's metrics, still on the device, and writes those of the step before.

        Returns:
          The metrics that were written, or None at the first step.

        Raises:
          FloatingPointError: the loss of the step before was not finite.
        """
        written = self.flush()
        self._pending = (step, metrics)
        return written

    def flush(self) -> dict[str, float] | None:
        """Writes what is pending; raises as `add` does."""
        if self._pending is None:
            return None
        step, metrics = self._pending
        self._pending = None
        values = {name: _number(value) for name, value in metrics.items()}
        if not math.isfinite(values.get("loss", 0.0)):
            raise FloatingPointError(
                f"training: the loss of step {step} is {values['loss']}; lower "
                "--config.train.learning_rate, or set --config.train.gradient_clip=1"
            )
        line = {name: value if math.isfinite(value) else None for name, value in values.items()}
        self._stream.write(json.dumps({"step": step, **line}, allow_nan=False) + "\n")
        self._stream.flush()
        if self._events:
            self._events.add(step, values)
        if _is_evaluation(values):
            self.evaluations.append({"step": step, **values})
        return values

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()
        if self._events:
            self._events.close()


def _is_evaluation(line: Mapping[str, Any]) -> bool:
    return "val_loss" in line


def _with_nan(line: dict[str, float | None]) -> dict[str, float]:
    """Gives back what JSON has no number for."""
    return {name: math.nan if value is None else value for name, value in line.items()}


def _number(value: Any) -> float:
    value = jax.device_get(value)
    return int(value) if isinstance(value, int) else round(float(value), 6)


def _whole_lines(path: Path) -> list[str]:
    """Reads the lines of a file that may end in the middle of one."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return text[: text.rfind("\n") + 1].splitlines()
