"""Chunks: the rows of several batches, which are written while the next are computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import jax
import numpy as np
import tensorstore as ts
from jaxtyping import Shaped

from camtrap_jax.explain.progress import Span
from camtrap_jax.store import create_array, open_array

Rows = Mapping[str, np.ndarray | jax.Array]  # name -> [batch, ...]
Result = tuple[np.ndarray | None, Rows]  # why images of a batch could not be read, and the rest


@dataclass(frozen=True)
class Chunk:
    """What one file of each array holds.

    Attributes:
      span: its rows.
      values: by the array's name, without padding.
      failures: why the image of a row could not be read.
    """

    span: Span
    values: dict[str, Shaped[np.ndarray, "rows ..."]]
    failures: dict[int, str]


def gathered(
    results: Iterator[Result],
    spans: list[Span],
    batch_size: int,
    on_rows: Callable[[int], None],
) -> Iterator[Chunk]:
    """Puts the results of batches together.

    Args:
      results: of the spans' batches, in order.
      spans: of the chunks, each in batches of its own.
      batch_size: rows of a batch.
      on_rows: called with the number of rows so far.
    """
    done = 0
    for start, stop in spans:
        parts, failures = [], {}
        for first in range(start, stop, batch_size):
            reasons, values = next(results)
            parts.append({name: np.asarray(value) for name, value in values.items()})
            rows = range(first, min(first + batch_size, stop))
            done += len(rows)
            on_rows(done)
            if reasons is not None:
                pairs = zip(rows, reasons[: len(rows)].tolist(), strict=True)
                failures |= {row: reason for row, reason in pairs if reason}
        yield _joined(parts, (start, stop), failures)


def _joined(parts: list[dict[str, np.ndarray]], span: Span, failures: dict[int, str]) -> Chunk:
    start, stop = span
    values = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    unread = [row - start for row in failures]
    for value in values.values():
        value[unread] = np.nan if np.issubdtype(value.dtype, np.floating) else -1
    return Chunk(span, {name: value[: stop - start] for name, value in values.items()}, failures)


def create_arrays(
    folder: Path, like: Chunk | None, num_rows: int, rows_per_chunk: int, rows_per_read: int | None
) -> None:
    """Makes the arrays of a pass, one for each name of a chunk."""
    for name, value in (like.values if like else {}).items():
        create_array(
            folder / f"{name}.zarr",
            (num_rows, *value.shape[1:]),
            value.dtype,
            rows_per_chunk=rows_per_chunk,
            rows_per_read=rows_per_read,
        )


def written(folder: Path, chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Writes chunks and yields each when it is on disk, one at a time beside the computation."""
    arrays: dict[str, ts.TensorStore] = {}
    waiting: tuple[Chunk, list[ts.WriteFutures]] | None = None
    for chunk in chunks:
        arrays = arrays or {
            name: open_array(folder / f"{name}.zarr", writable=True) for name in chunk.values
        }
        if waiting:
            yield _awaited(*waiting)
        waiting = chunk, _begun(arrays, chunk)
    if waiting:
        yield _awaited(*waiting)


def _begun(arrays: dict[str, ts.TensorStore], chunk: Chunk) -> list[ts.WriteFutures]:
    start, stop = chunk.span
    futures = [arrays[name][start:stop].write(value) for name, value in chunk.values.items()]
    for future in futures:
        future.commit.force()  # else it would begin when it is awaited
    return futures


def _awaited(chunk: Chunk, futures: list[ts.WriteFutures]) -> Chunk:
    for future in futures:
        future.result()
    return chunk
