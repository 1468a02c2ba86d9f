"""Batches of pixels straight from pictures as they are, without a prepared dataset."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Sequence

import grain
import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from camtrap_jax.data.batches.frames import Shape, decode_frame, empty_frames
from camtrap_jax.data.batches.loading import (
    REASON_LENGTH,
    Batch,
    iterate,
    padded_parts,
    part_of_batch,
)
from camtrap_jax.data.boxes import kept_height
from camtrap_jax.data.decoding.images import decode_image, make_jpeg
from camtrap_jax.data.decoding.pictures import CANNOT_BE_OPENED

ReadBytes = Callable[[str], bytes]
Decode = Callable[[bytes], tuple[np.ndarray, str]]


def file_batches(
    read: ReadBytes,
    filepaths: Sequence[str],
    *,
    shape: Shape,
    crop_bottom: float,
    short_side: int = 0,
    batch_size: int,
    num_workers: int = 0,
    process_index: int = 0,
    process_count: int = 1,
) -> Generator[tuple[Batch, dict[int, str]]]:
    """Yields the given pictures once each, in order, in batches of one shape.

    A picture is turned upright, loses its bottom strip and is scaled as a whole. With `short_side`
    its pixels are exactly those of a record; without, it skips the record's JPEG, which takes less
    time. One that cannot be read is left black and masked, and stops nothing.

    Args:
      read: from a file's path to its bytes; raises OSError or ValueError where there are none.
        Worker processes get a copy of it.
      filepaths: what to read, in the order wanted.
      shape: height and width in px that every picture is scaled to.
      crop_bottom: fraction of the height that is cut off.
      short_side: px of the records to do as; 0: straight to `shape`.
      batch_size: pictures a step over all processes; a multiple of `process_count`.
      num_workers: processes that read and decode; 0 for threads of this one.
      process_index: which part of each batch this process gets.
      process_count: how many parts there are.

    Returns:
      Pairs. First a batch: `pixels` uint8 [batch, height, width, 3], `row` int32 (the place in
      `filepaths`; -1 is padding), `mask` float32, 1 for pictures and 0 for unreadable ones and for
      padding, and `datetime` text, as EXIF gives it or empty. Second, why pictures of this batch
      could not be read, by row. All processes get the same number of batches.

    Raises:
      ValueError: the batch cannot be divided.
    """
    part = part_of_batch(batch_size, process_index, process_count)
    parts = padded_parts(np.arange(len(filepaths)), batch_size, part)
    decode = functools.partial(
        decode_file, shape=shape, crop_bottom=crop_bottom, short_side=short_side
    )
    load = LoadFiles(read, filepaths, shape, decode)
    return _with_failures(iterate(grain.MapDataset.source(parts).map(load), num_workers))


def decode_file(
    data: bytes, shape: Shape, *, crop_bottom: float, short_side: int = 0
) -> tuple[UInt8[np.ndarray, "h w 3"], str]:
    """Decodes a picture, turns it upright, cuts its bottom strip off and scales it to `shape`.

    Args:
      data: the file's bytes.
      shape: height and width in px.
      crop_bottom: fraction of the height that is cut off.
      short_side: px of the record that the picture becomes in between; 0 for none. How a picture is
        scaled shows in what a network says of it.

    Returns:
      The pixels, and the time that EXIF gives, "YYYY-MM-DD hh:mm:ss" or empty.

    Raises:
      ValueError: it is no picture, or damaged; one line without the file's name.
    """
    # The side that is cut must still be long enough afterwards.
    side = round((short_side or min(shape)) / (1 - crop_bottom))
    picture = decode_image(data, smallest_side_px=side)
    image = picture.image
    if short_side:
        jpeg = make_jpeg(image, crop_bottom=crop_bottom, short_side=short_side)
        return decode_frame(jpeg, shape), picture.datetime
    height = kept_height(image.height, crop_bottom)
    if height < image.height:
        image = image.crop((0, 0, image.width, height))
    if (image.height, image.width) != shape:
        image = image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)
    return np.asarray(image), picture.datetime


class LoadFiles:
    """Reads and decodes the pictures of a batch; travels to worker processes."""

    def __init__(self, read: ReadBytes, filepaths: Sequence[str], shape: Shape, decode: Decode):
        """Remembers what to read, and what pictures become."""
        self._read = read
        self._filepaths = filepaths
        self._shape = shape
        self._decode = decode

    def __call__(self, rows: Int[np.ndarray, " batch"]) -> Batch:
        """Returns the pictures at `rows`; row -1 is padding. `reason` is empty for those read."""
        pixels = empty_frames(len(rows), self._shape)
        reason = np.zeros(len(rows), f"<U{REASON_LENGTH}")
        moment = np.zeros(len(rows), f"<U{len('YYYY-MM-DD hh:mm:ss')}")
        for position in np.flatnonzero(rows >= 0):
            try:
                data = self._read(self._filepaths[int(rows[position])])
                pixels[position], moment[position] = self._decode(data)
            except OSError as error:
                reason[position] = f"{CANNOT_BE_OPENED}: {error.strerror or error}"
            except ValueError as error:
                reason[position] = str(error) or type(error).__name__
        return {
            "pixels": pixels,
            "row": rows.astype(np.int32),
            "mask": ((rows >= 0) & (reason == "")).astype(np.float32),
            "datetime": moment,
            "reason": reason,
        }


def _with_failures(batches: Generator[Batch]) -> Generator[tuple[Batch, dict[int, str]]]:
    try:
        for batch in batches:
            reasons = zip(batch["row"].tolist(), batch.pop("reason").tolist(), strict=True)
            yield batch, {row: reason for row, reason in reasons if reason}
    finally:
        batches.close()
