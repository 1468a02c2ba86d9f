"""Batches of pixels from records, the same for any number of workers and after a restart."""

from __future__ import annotations

import functools
from collections.abc import Generator
from pathlib import Path

import grain
import numpy as np
from jaxtyping import Int, UInt8

from camtrap_jax.data.batches.frames import (
    Shape,
    common_shape,
    decode_frame,
    empty_frames,
    read_frame,
)
from camtrap_jax.data.batches.loading import (
    REASON_LENGTH,
    Batch,
    endless,
    iterate,
    padded_parts,
    part_of_batch,
)
from camtrap_jax.data.batches.order import training_order
from camtrap_jax.data.manifest import class_labels
from camtrap_jax.data.records import RecordSource
from camtrap_jax.run_folder import DatasetFolder


def num_steps_per_epoch(num_images: int, batch_size: int) -> int:
    """Returns the batches that cover all images once; batches cross the borders of epochs."""
    return max(1, -(-num_images // batch_size))


def train_rows(dataset: DatasetFolder) -> Int[np.ndarray, " images"]:
    """Returns the manifest rows that the network learns from."""
    return np.flatnonzero(dataset.manifest["split"] == "train")


def val_rows(dataset: DatasetFolder) -> Int[np.ndarray, " images"]:
    """Returns the manifest rows on which training is watched."""
    return np.flatnonzero(dataset.manifest["split"] == "val")


def make_train_batches(
    dataset: DatasetFolder,
    *,
    size_px: int,
    batch_size: int,
    seed: int,
    balanced: bool = False,
    process_index: int = 0,
    process_count: int = 1,
) -> grain.MapDataset:
    """Returns the endless sequence of training batches, of which any element can be asked for.

    Each epoch is shuffled anew and holds every training image once; where species are balanced, it
    holds as many images, and as many of each species. The processes' batches of a
    step are consecutive parts of the batch that one process would have.

    Args:
      dataset: a prepared dataset.
      size_px: the least height and width of the frames, from which crops are cut.
      batch_size: images a step over all processes; a multiple of `process_count`.
      seed: of the order.
      balanced: whether all species are equally frequent, as in `balanced_rows`.
      process_index: which part of each batch this process gets.
      process_count: how many parts there are.

    Returns:
      Batches `pixels` uint8 [batch, height, width, 3], whole frames of the `common_shape`, and
      `label` int32 [batch].

    Raises:
      ValueError: the batch cannot be divided, or there is nothing to train on.
    """
    rows = train_rows(dataset)
    if not len(rows):
        raise ValueError(f"{dataset.root}: manifest.csv has no rows with split=train")
    part = part_of_batch(batch_size, process_index, process_count)
    shape = common_shape(RecordSource(dataset.records), rows, size_px)
    load = LoadBatch(dataset, shape=shape, columns=("pixels", "label"))
    labels = class_labels(dataset.manifest, dataset.classes)[rows]
    order = training_order(labels, balanced=balanced)

    # Grain's own shuffle and batch take as long for each image as decoding does for half of it.
    def load_step(step: int) -> Batch:
        start = int(step) * batch_size + part.start
        return load(rows[order(seed=seed, start=start, count=part.stop - part.start)])

    return endless(load_step)


def train_iterator(
    dataset: DatasetFolder,
    *,
    size_px: int,
    batch_size: int,
    seed: int,
    balanced: bool = False,
    start_step: int = 0,
    num_workers: int = 0,
    process_index: int = 0,
    process_count: int = 1,
) -> Generator[Batch]:
    """Yields `make_train_batches` from `start_step` on, without end."""
    batches = make_train_batches(
        dataset,
        size_px=size_px,
        batch_size=batch_size,
        seed=seed,
        balanced=balanced,
        process_index=process_index,
        process_count=process_count,
    )
    return iterate(batches[start_step:], num_workers)


def eval_batches(
    dataset: DatasetFolder,
    rows: Int[np.ndarray, " images"],
    *,
    size_px: int,
    batch_size: int,
    has_reasons: bool = False,
    num_workers: int = 0,
    process_index: int = 0,
    process_count: int = 1,
) -> Generator[Batch]:
    """Yields the given manifest rows once each, in order, in batches of one shape.

    Args:
      dataset: a prepared dataset.
      rows: manifest rows, in the order wanted.
      size_px: side of the square that frames are scaled to.
      batch_size: images a step over all processes; a multiple of `process_count`.
      has_reasons: whether a damaged record is left black and tells why, and stops nothing.
      num_workers: processes that decode; 0 for threads of this one.
      process_index: which part of each batch this process gets.
      process_count: how many parts there are.

    Returns:
      Batches `pixels` uint8 [batch, size, size, 3], `label` int32 (-1: not a known species),
      `row` int32 and `mask` float32, 1 for images and 0 for the padding of the last batch
      (black, label -1, row -1). All processes get the same number of batches. With `has_reasons`
      also `reason`, text: why a record could not be decoded, empty where it could; `mask` is 0.

    Raises:
      ValueError: the batch cannot be divided, or a record is damaged.
      IndexError: a row is not in the manifest.
    """
    rows = np.asarray(rows, np.int64)
    if len(rows) and not (rows.min() >= 0 and rows.max() < len(dataset.manifest)):
        raise IndexError(f"rows: expected 0 to {len(dataset.manifest) - 1}, got {rows}")
    part = part_of_batch(batch_size, process_index, process_count)
    columns = ("pixels", "label", "row", "mask", *(["reason"] if has_reasons else []))
    load = LoadBatch(dataset, shape=(size_px, size_px), columns=columns)
    parts = padded_parts(rows, batch_size, part)
    return iterate(grain.MapDataset.source(parts).map(load), num_workers)


def read_pixels(dataset: DatasetFolder, row: int, size_px: int) -> UInt8[np.ndarray, "h w 3"]:
    """Returns one image as the network sees it: the whole frame, scaled to a square."""
    written_ns = dataset.records.stat().st_mtime_ns
    jpeg = _open_records(dataset.records, written_ns)[row]["image"]
    return decode_frame(jpeg, (size_px, size_px))


@functools.lru_cache(maxsize=4)
def _open_records(folder: Path, written_ns: int) -> RecordSource:
    """Opens records once for many reads; `written_ns` tells a later dataset of the same name."""
    del written_ns
    return RecordSource(folder)


class LoadBatch:
    """Reads and decodes the images of a batch; travels to worker processes."""

    def __init__(self, dataset: DatasetFolder, *, shape: Shape, columns: tuple[str, ...]):
        """Remembers where the records lie, how large frames become, and what a batch holds.

        Without the column `reason` a damaged record is an error.

        Raises:
          ValueError: there are not as many records as the manifest has rows.
        """
        self._folder = dataset.records
        self._records = RecordSource(dataset.records)
        if len(self._records) != len(dataset.manifest):
            raise ValueError(
                f"{dataset.records}: expected the {len(dataset.manifest)} records of manifest.csv, "
                f"got {len(self._records)}; `camtrap prepare --overwrite` makes the dataset anew"
            )
        self._labels = class_labels(dataset.manifest, dataset.classes).astype(np.int32)
        self._shape = shape
        self._columns = columns

    def __call__(self, rows: Int[np.ndarray, " batch"]) -> Batch:
        """Returns the images at `rows`; row -1 is padding."""
        real = rows >= 0
        pixels = empty_frames(len(rows), self._shape)
        reason = np.zeros(len(rows), f"<U{REASON_LENGTH}")
        for position in np.flatnonzero(real):
            row = int(rows[position])
            try:
                pixels[position] = read_frame(self._records, row, self._shape)
            except ValueError as error:
                if "reason" not in self._columns:
                    raise ValueError(f"{self._folder}: record {row}: {error}") from None
                reason[position] = str(error)
        batch = {
            "pixels": pixels,
            "label": np.where(real, self._labels[rows], np.int32(-1)),
            "row": rows.astype(np.int32),
            "mask": (real & (reason == "")).astype(np.float32),
            "reason": reason,
        }
        return {name: batch[name] for name in self._columns}
