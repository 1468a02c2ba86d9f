"""Makes batches ahead of their use, in threads or in worker processes.

Worker processes (`num_workers > 0`) read absl's flags: a program without `absl.app.run` calls
`absl.flags.FLAGS.mark_as_parsed()` before. Iterators release threads and workers on `close()`.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Generator

import grain
import numpy as np
from jaxtyping import Int

Batch = dict[str, np.ndarray]

REASON_LENGTH = 240  # characters of why an image is missing; arrays of text have a fixed width
_MAX_THREADS = 16
_THREADS_PER_WORKER = 2


def part_of_batch(batch_size: int, process_index: int, process_count: int) -> slice:
    """Returns which rows of a global batch a process gets.

    Raises:
      ValueError: the batch cannot be divided.
    """
    share, rest = divmod(batch_size, process_count)
    if rest or not share:
        raise ValueError(
            f"batch_size: expected a multiple of the {process_count} processes, got {batch_size}"
        )
    return slice(process_index * share, (process_index + 1) * share)


def endless(load_step: Callable[[int], Batch]) -> grain.MapDataset:
    """Returns the sequence of what `load_step` makes of every step, of which none is the last."""
    return grain.MapDataset.range(2**40).map(load_step)


def padded_parts(
    rows: Int[np.ndarray, " images"], batch_size: int, part: slice = slice(None)
) -> list[Int[np.ndarray, " part"]]:
    """Cuts rows into batches of one size and returns a part of each; padding is row -1."""
    padded = np.concatenate([rows, np.full(-len(rows) % batch_size, -1)])
    return list(padded.reshape(-1, batch_size)[:, part])


def iterate(batches: grain.MapDataset, num_workers: int) -> Generator[Batch]:
    """Yields a sequence's elements in order, and makes the next ones meanwhile.

    Args:
      batches: dictionaries of arrays.
      num_workers: processes that make them; 0 for threads of this one.
    """
    # A thread makes a whole batch; Pillow decodes and scales without the interpreter's lock.
    threads = _THREADS_PER_WORKER if num_workers else min(_num_cores(), _MAX_THREADS)
    options = grain.ReadOptions(num_threads=threads, prefetch_buffer_size=threads + 2)
    iterable = batches.to_iter_dataset(options)
    if num_workers:
        workers = grain.multiprocessing.MultiprocessingOptions(num_workers=num_workers)
        iterable = iterable.mp_prefetch(workers, worker_init_fn=_serve)
    iterator = iter(iterable)
    try:
        for batch in iterator:
            # Workers hand arrays over in shared memory, which must not outlive them.
            yield {name: values.copy() for name, values in batch.items()} if num_workers else batch
    finally:
        iterator.close()


def _serve(number: int, count: int) -> None:
    """Prepares a worker: signals are the program's matter, and the program's end is its own.

    Ctrl-C reaches all processes of a terminal, and a cluster's SIGTERM all of a job. The program
    still needs batches until it has saved its step; then it ends its workers. A program that was
    killed cannot, and its workers would wait for ever.
    """
    del number, count
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, signal.SIG_IGN)
    threading.Thread(target=_end_with_program, daemon=True).start()


def _end_with_program() -> None:
    if program := multiprocessing.parent_process():
        program.join()
        os._exit(1)


def _num_cores() -> int:
    """Returns the processors that this process may use, which may be fewer than there are."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
