"""Signals that ask a training to stop: it saves where it is and ends."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from camtrap_jax.mesh import process_share, reached_preemption

SIGNALS = (signal.SIGTERM, signal.SIGINT)

# From the number of steps done to the signal that asked to stop, if any did.
StopRequest = Callable[[int], signal.Signals | None]


class TrainingStopped(SystemExit):
    """A training ended because it was asked to, with everything saved.

    The process ends with the exit code that shells give to its signal (143 for SIGTERM): nothing
    that waits for a trained network may take it for one.
    """

    def __init__(self, step: int, number: signal.Signals) -> None:
        """Says after which step, and by which signal."""
        super().__init__(128 + number)
        self._words = f"stopped by {number.name} after step {step}, which is saved"

    def __str__(self) -> str:
        """Returns what happened, in one line."""
        return self._words


@contextmanager
def stop_requests() -> Iterator[StopRequest]:
    """Catches SIGTERM and SIGINT within a block; a second one ends the process as usual.

    All processes of a run stop after the same step, whichever of them got SIGTERM. Outside of the
    main thread, where signals cannot be caught, nobody ever asks.
    """
    if process_share()[1] > 1:  # where JAX catches SIGTERM itself
        yield lambda step: signal.SIGTERM if reached_preemption(step) else None
    elif threading.current_thread() is not threading.main_thread():
        yield lambda step: None
    else:
        with _caught_signals() as request:
            yield request


@contextmanager
def _caught_signals() -> Iterator[StopRequest]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    asked: list[signal.Signals] = []

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def note(number: int, frame: FrameType | None) -> None:
        del frame
        asked.append(signal.Signals(number))
        restore()

    for number in SIGNALS:
        signal.signal(number, note)
    try:
        yield lambda step: asked[0] if asked else None
    finally:
        restore()
