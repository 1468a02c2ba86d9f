"""Checkpoints of the training state; the only file that knows Orbax."""

from __future__ import annotations

import logging
import os
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import jax
import jax.numpy as jnp
from orbax.checkpoint.experimental import v1 as ocp

from camtrap_jax.config import config_differences
from camtrap_jax.train.state import TrainState

KEEP = 2  # a second one in case the newest is damaged
_SYSTEM_ERROR = re.compile(r"os_error_code='(\d+)'")
Settings = dict[str, Any]  # sections of settings


class Checkpoints:
    """The folder `RUN/checkpoints`: one folder a step, whole or invisible.

    The newest two are kept, and the best.
    """

    def __init__(self, folder: Path, settings: Settings | None = None) -> None:
        """Opens the folder, making it where it does not exist.

        Args:
          folder: of the checkpoints.
          settings: what the states depend on; saved with them, and compared when one is loaded.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.resolve()
        self._settings = settings or {}
        self._metadata: Any = {"config": self._settings}
        self._preserved = _NewestAndBest()
        policies = ocp.training.save_decision_policies
        self._checkpointer = ocp.training.Checkpointer(
            str(self._folder),
            # Orbax's own policy leaves out a checkpoint while the one before is being written.
            # (Its policies and the protocols they are said to follow differ in their types.)
            save_decision_policy=policies.FixedIntervalPolicy(1),  # pyright: ignore
            preservation_policy=self._preserved,  # pyright: ignore
            cleanup_tmp_directories=True,
        )

    def __enter__(self) -> Self:
        """Returns itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Waits until the last checkpoint is on disk; raises as `save` does."""
        with _disk_errors(self._folder):
            self._checkpointer.close()

    @property
    def latest_step(self) -> int | None:
        """Step of the newest whole checkpoint."""
        latest = self._checkpointer.latest
        return None if latest is None else latest.step

    @property
    def steps(self) -> list[int]:
        """Steps of all whole checkpoints, the newest last."""
        return sorted(one.step for one in self._checkpointer.checkpoints)

    def keep(self, step: int | None) -> None:
        """Keeps the checkpoint of this step, the best, until another one is."""
        self._preserved.best = step

    def save(self, state: TrainState) -> None:
        """Writes the state in the background; a step already there is left alone.

        Raises:
          OSError: the one before could not be written; whole ones stay as they are.
        """
        step = int(state.step)
        if step != self.latest_step:
            # A copy: the next step donates these buffers, and on a CPU Orbax reads them in place.
            with _disk_errors(self._folder):
                copy = jax.tree.map(jnp.copy, state)
                self._checkpointer.save_async(step, copy, custom_metadata=self._metadata)

    def wait(self) -> None:
        """Waits until the last checkpoint is on disk; raises as `save` does."""
        with _disk_errors(self._folder):
            self._checkpointer.wait()

    def load(self, like: TrainState, *, step: int | None = None) -> TrainState:
        """Reads a checkpoint into the shapes, types and devices of `like`.

        Args:
          like: a state of the same network and optimizer.
          step: which one; the newest where none is named.

        Raises:
          ValueError: the checkpoint is damaged, or of another network or other settings.
        """
        step = self.latest_step if step is None else step
        abstract = jax.tree.map(ocp.arrays.to_shape_dtype_struct, like)
        place = self._folder / str(step)
        try:
            with _silent_failure():
                saved = self._checkpointer.metadata(step).custom_metadata
                if not (differences := self._differences(saved)):
                    return self._checkpointer.load(step, abstract)
        except Exception as error:  # Orbax and TensorStore raise a dozen unrelated kinds
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ValueError(
                f"{place}: the checkpoint cannot be read ({reason[0][:200]}); "
                "delete this folder to go on from the one before, or start with --overwrite"
            ) from error
        raise ValueError(
            f"{place}: the checkpoint was made with other settings ({'; '.join(differences)}); "
            "choose another --workdir or start afresh with --overwrite"
        )

    def _differences(self, saved: Any) -> list[str]:
        old = (saved or {}).get("config", {})
        return config_differences(old, self._settings) if old and self._settings else []


class _NewestAndBest:
    """Decides which checkpoints stay, as Orbax asks."""

    def __init__(self) -> None:
        self.best: int | None = None

    def should_preserve(self, checkpoints: Sequence[Any], *, context: Any) -> Sequence[bool]:
        del context
        newest = {one.step for one in checkpoints[-KEEP:]}
        return [one.step in newest or one.step == self.best for one in checkpoints]


@contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """Raises TensorStore's errors about the disk as the errors of the system that they are."""
    try:
        yield
    except ValueError as error:
        found = _SYSTEM_ERROR.search(str(error))
        if not found:
            raise
        number = int(found[1])
        raise OSError(number, os.strerror(number), str(folder)) from error


def _is_news(record: logging.LogRecord) -> bool:
    """Keeps out of the log the tracebacks of errors that `save` and `load` raise."""
    return record.levelno < logging.ERROR or "orbax" not in record.pathname


logging.getLogger("absl").addFilter(_is_news)


@contextmanager
def _silent_failure() -> Iterator[None]:
    """Keeps quiet, from a failed load on, about its other reads: each would print a traceback.

    Orbax neither awaits nor cancels them; they end after their event loop, when nobody listens.
    """
    hook, logger = sys.unraisablehook, logging.getLogger("asyncio")
    level = logger.level
    sys.unraisablehook = lambda _: None
    logger.setLevel(logging.CRITICAL)
    yield
    sys.unraisablehook = hook
    logger.setLevel(level)
