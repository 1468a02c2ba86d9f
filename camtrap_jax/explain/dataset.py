"""The pass over a dataset: every batch is explained once and streamed into zarr arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TypeVar

import numpy as np
from jaxtyping import Int

from camtrap_jax.explain.chunks import Result, Rows, create_arrays, gathered, written
from camtrap_jax.explain.progress import Done, Span, collect, done_of, write_all, write_own
from camtrap_jax.mesh import Batch, process_share
from camtrap_jax.processes import gather, on_first

OnProgress = Callable[[int, int], None]
BatchesOf = Callable[[Int[np.ndarray, " rows"]], Iterable[Batch]]
B = TypeVar("B")
R = TypeVar("R")

CHUNK_ROWS = 128


def write_explanations(
    folder: Path,
    name: str,
    *,
    num_rows: int,
    batch_size: int,
    batches_of: BatchesOf,
    explain: Callable[[Batch], Rows],
    rows_per_read: int | None = None,
    on_progress: OnProgress | None = None,
) -> dict[int, str]:
    """Explains `num_rows` images and stores what `explain` returns, one array for each name.

    Work is committed in chunks of a fixed number of rows, and `folder/.NAME.json` tells which are
    on disk. A process that was killed goes on from there, with the same batches, so that the
    finished arrays have the same bytes. Memory does not grow with the number of images.

    All processes call it: each makes a share of the chunks that are not on disk, in the batches
    that a single process would make, and returns when all are done.

    Args:
      folder: where the arrays `*.zarr` go; all processes have to see it.
      name: of this pass.
      num_rows: number of images.
      batch_size: rows of a batch; the last one is padded to it, and cut here.
      batches_of: the batches of given rows. Where they hold text `reason`, a row of which it is not
        empty is a failure: its numbers are nan, or -1 where they are whole.
      explain: from a batch to arrays with one row an image; runs asynchronously on the device.
      rows_per_read: rows that can be read by themselves; by default those of a whole chunk.
      on_progress: called with rows done and rows in all; other processes are taken to be as far.

    Returns:
      Why images could not be read, by row.
    """
    chunk_rows = max(1, CHUNK_ROWS // batch_size) * batch_size
    done = done_of(on_first(lambda: collect(folder, name, chunk_rows).as_json()))
    missing = done.missing(num_rows)
    if not missing:
        return done.failures
    process, count = process_share()
    share = _share(missing, process, count)
    pace = _pace(on_progress, share, missing, num_rows)
    chunks = gathered(_results(explain, batches_of, share), share, batch_size, pace)
    first = next(chunks, None)  # none where there are fewer chunks than processes
    if not done.chunks:  # the arrays have to be there before anyone writes
        on_first(lambda: create_arrays(folder, first, num_rows, chunk_rows, rows_per_read))
    own = Done(chunk_rows)
    for chunk in written(folder, chain([first], chunks)) if first else ():
        own.add(Done(chunk_rows, {chunk.span[0] // chunk_rows}, chunk.failures))
        write_own(folder, name, process, own)
    for notes in gather(own.as_json()):
        done.add(done_of(notes))
    on_first(lambda: write_all(folder, name, done, count))
    return done.failures


def one_late(explain: Callable[[B], R], batches: Iterable[B]) -> Iterator[R]:
    """Yields each result after the next batch was handed to the device, which so never waits."""
    pending = None
    for batch in batches:
        following = explain(batch)
        if pending is not None:
            yield pending
        pending = following
    if pending is not None:
        yield pending


def _share(spans: list[Span], process: int, count: int) -> list[Span]:
    """Returns a process's part: neighbours, and one more in the first processes than in others."""
    return [spans[number] for number in np.array_split(np.arange(len(spans)), count)[process]]


def _pace(
    on_progress: OnProgress | None, share: list[Span], missing: list[Span], num_rows: int
) -> Callable[[int], None]:
    """Returns a function of this process's rows that tells of everybody's."""
    own, every = (sum(stop - start for start, stop in spans) for spans in (share, missing))

    def move(rows: int) -> None:
        if on_progress:
            on_progress(num_rows - every + round(rows * every / own), num_rows)

    return move


def _results(
    explain: Callable[[Batch], Rows], batches_of: BatchesOf, share: list[Span]
) -> Iterator[Result]:
    """Explains the batches of some chunks."""
    if not share:
        return iter(())
    rows = np.concatenate([np.arange(*span) for span in share])
    return one_late(lambda batch: (batch.get("reason"), explain(batch)), batches_of(rows))
