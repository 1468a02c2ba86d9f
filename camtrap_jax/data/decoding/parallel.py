"""Calls a function on many items at once, and yields the results in order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ordered_map(
    function: Callable[[T], R], items: Iterable[T], *, num_threads: int | None = None
) -> Iterator[R]:
    """Yields `function(item)` for each item in order, at most a few of them ahead.

    Args:
      function: called in threads.
      items: consumed as results are taken, so that memory stays bounded.
      num_threads: None for one a processor.
    """
    threads = num_threads or os.cpu_count() or 1
    remaining = iter(items)
    with ThreadPoolExecutor(threads) as pool:
        window = deque(pool.submit(function, item) for item in islice(remaining, 4 * threads))
        try:
            while window:
                result = window.popleft().result()
                window.extend(pool.submit(function, item) for item in islice(remaining, 1))
                yield result
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
