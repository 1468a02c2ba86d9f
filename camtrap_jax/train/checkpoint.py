"""Checkpoints of the training state; the only file that knows Orbax."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import jax
import jax.numpy as jnp
from orbax.checkpoint.experimental import v1 as ocp

from camtrap_jax.train.state import TrainState

KEEP = 2  # a second one in case the newest is damaged


class Checkpoints:
    """The folder `RUN/checkpoints`: one folder a step, whole or invisible."""

    def __init__(self, folder: Path) -> None:
        """Opens the folder, making it where it does not exist."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder.resolve()
        policies = ocp.training.save_decision_policies
        self._checkpointer = ocp.training.Checkpointer(
            str(self._folder),
            # Orbax's own policy leaves out a checkpoint while the one before is being written.
            # (Its policies and the protocols they are said to follow differ in their types.)
            save_decision_policy=policies.FixedIntervalPolicy(1),  # pyright: ignore
            preservation_policy=ocp.training.preservation_policies.LatestN(KEEP),  # pyright: ignore
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
        """Waits until the last checkpoint is on disk."""
        self._checkpointer.close()

    @property
    def latest_step(self) -> int | None:
        """Step of the newest whole checkpoint."""
        latest = self._checkpointer.latest
        return None if latest is None else latest.step

    def save(self, state: TrainState) -> None:
        """Writes the state in the background; a step already there is left alone."""
        step = int(state.step)
        if step != self.latest_step:
            # A copy: the next step donates these buffers, and on a CPU Orbax reads them in place.
            self._checkpointer.save_async(step, jax.tree.map(jnp.copy, state))

    def load(self, like: TrainState) -> TrainState:
        """Reads the newest checkpoint into the shapes, types and devices of `like`.

        Raises:
          ValueError: the checkpoint is damaged, or of another network.
        """
        step = self.latest_step
        abstract = jax.tree.map(ocp.arrays.to_shape_dtype_struct, like)
        try:
            with _silent_failure():
                return self._checkpointer.load(step, abstract)
        except Exception as error:  # Orbax and TensorStore raise a dozen unrelated kinds
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ValueError(
                f"{self._folder / str(step)}: the checkpoint cannot be read ({reason[0][:200]}); "
                "delete this folder to go on from the one before, or start with --overwrite"
            ) from error


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
