"""Measures several programs in turn, each in a process of its own, so that they share the weather.

A machine's speed changes from minute to minute with what else it does. Every round therefore
measures all contenders one after another, and ratios are taken within a round.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Protocol
from unittest.mock import patch

Work = Generator[int]  # yields the number of images after each batch that is done
MakeWork = Callable[[], Work]


class Lane(Protocol):
    """One end of a pipe to a contender's process."""

    def send(self, obj: Any, /) -> None:
        """Sends anything that can be pickled."""
        ...

    def recv(self) -> Any:
        """Waits for what the other end sends."""
        ...

    def poll(self, timeout: float, /) -> bool:
        """Tells whether something arrives in time."""
        ...


_PATIENCE_SEC = 1800


@dataclass(frozen=True)
class Contender:
    """A program to measure.

    Attributes:
      name: unique in its contest.
      make_work: called in the program's own process for each round; travels there.
      cores: processors it may use; empty for all.
      environment: variables that its process starts with, besides this one's.
    """

    name: str
    make_work: MakeWork
    cores: tuple[int, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """One contender's share of a round.

    Attributes:
      per_sec: images a second.
      per_cpu_sec: images a second that the contender's process (not its workers) had a processor.
    """

    per_sec: float
    per_cpu_sec: float


def compete(
    contenders: Sequence[Contender], *, rounds: int, seconds: float, warm_up: int = 4
) -> dict[str, list[Run]]:
    """Measures all contenders in each round.

    Args:
      contenders: measured in this order.
      rounds: how often.
      seconds: how long a contender works in a round, about.
      warm_up: batches of a round before the clock starts: they fill what is made ahead.

    Raises:
      RuntimeError: a contender failed.
    """
    with contextlib.ExitStack() as stack:
        lanes = {one.name: stack.enter_context(_started(one, warm_up)) for one in contenders}
        counts = {name: _batches_in(lane, seconds) for name, lane in lanes.items()}
        runs: dict[str, list[Run]] = {name: [] for name in lanes}
        for _ in range(rounds):
            for name, lane in lanes.items():
                runs[name].append(_ask(lane, counts[name])[0])
        return runs


def call_apart(
    function: Callable[..., Any], *arguments: Any, environment: Mapping[str, str] | None = None
) -> Any:
    """Calls a function in a process of its own, whose libraries and threads end with it.

    Args:
      function: can be pickled, as can what it takes and returns.
      *arguments: of the function.
      environment: variables that the process starts with, besides this one's.
    """
    context = multiprocessing.get_context("spawn")
    with patch.dict(os.environ, environment or {}), ProcessPoolExecutor(1, context) as pool:
        return pool.submit(function, *arguments).result()


def spread(values: Sequence[float]) -> dict[str, float]:
    """Returns median, least and greatest."""
    return {"median": median(values), "min": min(values), "max": max(values)}


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> list[float]:
    """Returns how many times as fast we were, round by round."""
    return [one / other for one, other in zip(ours, theirs, strict=True)]


@contextlib.contextmanager
def _started(contender: Contender, warm_up: int) -> Generator[Lane]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, contender, warm_up))
    with patch.dict(os.environ, contender.environment):
        process.start()
    there.close()
    try:
        yield here
    finally:
        with contextlib.suppress(BrokenPipeError):
            here.send(None)
        process.join()


def _serve(connection: Lane, contender: Contender, warm_up: int) -> None:
    if contender.cores:  # before any library counts the processors
        os.sched_setaffinity(0, contender.cores)
    while (num_batches := connection.recv()) is not None:
        connection.send(_measure(contender.make_work, num_batches, warm_up))


def _measure(make_work: MakeWork, num_batches: int, warm_up: int) -> tuple[Run, float]:
    with contextlib.closing(make_work()) as work:
        for _ in range(warm_up):
            next(work)
        wall, cpu = time.perf_counter(), time.process_time()
        images = sum(next(work) for _ in range(num_batches))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return Run(images / wall, images / cpu), wall


def _ask(lane: Lane, num_batches: int) -> tuple[Run, float]:
    lane.send(num_batches)
    if not lane.poll(_PATIENCE_SEC):
        raise RuntimeError(f"a contender did not answer within {_PATIENCE_SEC} s")
    try:
        return lane.recv()
    except (EOFError, ConnectionError):
        raise RuntimeError("a contender ended; its error is above") from None


def _batches_in(lane: Lane, seconds: float) -> int:
    _ask(lane, 2)  # compiles, and reads the files into memory
    _, wall = _ask(lane, 4)
    return max(2, round(4 * seconds / wall))
