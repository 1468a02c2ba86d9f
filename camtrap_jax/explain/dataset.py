"""The pass over a dataset: every batch is explained once and streamed into zarr arrays."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import jax
import numpy as np
import tensorstore as ts

from camtrap_jax.mesh import Batch
from camtrap_jax.store import create_array, open_array, read_json, write_json

Rows = Mapping[str, np.ndarray | jax.Array]  # name -> [batch, ...]
OnProgress = Callable[[int, int], None]

CHUNK_ROWS = 128


def write_explanations(
    folder: Path,
    name: str,
    *,
    num_rows: int,
    batch_size: int,
    batches_from: Callable[[int], Iterator[Batch]],
    explain: Callable[[Batch], Rows],
    rows_per_read: int | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Explains `num_rows` images and stores what `explain` returns, one array for each name.

    Work is committed in chunks of a fixed number of rows; `folder/.NAME.json` counts the rows that
    are on disk. A process that was killed goes on from there, with the same batches, so that the
    finished arrays have the same bytes. Memory does not grow with the number of images.

    Args:
      folder: where the arrays `*.zarr` go.
      name: of this pass.
      num_rows: number of images.
      batch_size: rows of a batch; the last one is padded to it, and cut here.
      batches_from: the batches that start at a given row.
      explain: from a batch to arrays with one row an image; runs asynchronously on the device.
      rows_per_read: rows that can be read by themselves; by default those of a whole chunk.
      on_progress: called with rows done and rows in all.
    """
    state = folder / f".{name}.json"
    done = read_json(state)["rows"] if state.exists() else 0
    chunk_rows = max(1, CHUNK_ROWS // batch_size) * batch_size
    arrays: dict[str, ts.TensorStore] = {}
    chunk: list[dict[str, np.ndarray]] = []
    for values in _one_late(explain, batches_from(done) if done < num_rows else iter(())):
        chunk.append({key: np.asarray(value) for key, value in values.items()})
        rows = min(len(chunk) * batch_size, num_rows - done)
        if on_progress:
            on_progress(done + rows, num_rows)
        if rows == chunk_rows or done + rows == num_rows:
            whole = {key: np.concatenate([part[key] for part in chunk])[:rows] for key in chunk[0]}
            arrays = arrays or (
                _open(folder, whole)
                if done
                else _create(folder, whole, num_rows, chunk_rows, rows_per_read)
            )
            futures = [arrays[key][done : done + rows].write(whole[key]) for key in whole]
            for future in futures:
                future.result()
            done, chunk = done + rows, []
            write_json(state, {"rows": done})


def _one_late(explain: Callable[[Batch], Rows], batches: Iterator[Batch]) -> Iterator[Rows]:
    """Yields each result after the next batch was handed to the device, which so never waits."""
    pending = None
    for batch in batches:
        following = explain(batch)
        if pending is not None:
            yield pending
        pending = following
    if pending is not None:
        yield pending


def _open(folder: Path, names: Iterable[str]) -> dict[str, ts.TensorStore]:
    return {key: open_array(folder / f"{key}.zarr", writable=True) for key in names}


def _create(
    folder: Path, like: Rows, num_rows: int, rows_per_chunk: int, rows_per_read: int | None
) -> dict[str, ts.TensorStore]:
    return {
        key: create_array(
            folder / f"{key}.zarr",
            (num_rows, *value.shape[1:]),
            value.dtype,
            rows_per_chunk=rows_per_chunk,
            rows_per_read=rows_per_read,
        )
        for key, value in like.items()
    }
