"""Bins and counts on a CPU, by NumPy in threads.

XLA sorts on a CPU twenty times as slowly as NumPy, and multiplies by one-hot matrices where a
plain count is faster. Some units at a time stay in a core's cache.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer
from jaxtyping import ArrayLike, Bool, Float, Int, UInt8

SLAB = 32  # units at a time
WORD = 16  # bits that are counted at once
MOST_BINS = 255


def is_on_host(*arrays: ArrayLike) -> bool:
    """Tells whether arrays are values, not those of a program being compiled, on a CPU."""
    return jax.default_backend() == "cpu" and not any(isinstance(array, Tracer) for array in arrays)


def by_slabs(function: Callable[[slice], np.ndarray], num_units: int) -> np.ndarray:
    """Joins what a function returns for some units at a time, along the first axis."""
    slabs = [slice(start, start + SLAB) for start in range(0, num_units, SLAB)]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        return np.concatenate(list(pool.map(function, slabs)))


def frequency_edges(
    columns: Float[np.ndarray, "units images"], num_bins: int
) -> Float[np.ndarray, "units edges"]:
    """Finds the edges of `binning.frequency_bins`; every image counts."""
    ordered = np.sort(columns, axis=1)
    num_zero = np.count_nonzero(columns == 0, axis=1, keepdims=True)
    num_negative = np.count_nonzero(ordered < 0, axis=1, keepdims=True)
    num_active = columns.shape[1] - num_zero
    num_shared = num_bins - (num_zero > 0)
    steps = np.arange(1, num_bins)
    ranks = steps * num_active // num_shared
    # The zeros lie between the negative values and the positive ones.
    places = np.where(ranks < num_negative, ranks, ranks + num_zero)
    edges = np.take_along_axis(ordered, np.minimum(places, columns.shape[1] - 1), axis=1)
    return np.where((steps < num_shared) & (ranks < num_active), edges, np.float32(np.inf))


def bins_of(
    columns: Float[np.ndarray, "units images"],
    edges: Float[np.ndarray, "units edges"],
    has_silent: np.ndarray,
) -> UInt8[np.ndarray, "units images"]:
    """Returns the bins of `binning.bin_of`."""
    passed = np.zeros(columns.shape, np.uint8)
    for edge in edges.T:
        passed += (columns >= edge[:, None]).view(np.uint8)
    passed[has_silent] += 1
    passed[has_silent[:, None] & (columns == 0)] = 0
    return passed


def count_cells(
    bins: UInt8[np.ndarray, "units images"], labels: Int[np.ndarray, " images"], *,
    num_classes: int, num_bins: int,
) -> Int[np.ndarray, "units bins classes"]:  # fmt: skip
    """Counts the images of each class in each bin of each unit; every label is a class."""
    size = num_bins * num_classes
    cells = bins.astype(np.int64)
    cells *= num_classes
    cells += labels
    cells += size * np.arange(len(bins))[:, None]
    counts = np.bincount(cells.ravel(), minlength=len(bins) * size)
    return counts.reshape(len(bins), num_bins, num_classes)


def count_responses(
    responses: Float[np.ndarray, "images units"],
    labels: Int[np.ndarray, " images"],
    *,
    num_classes: int,
    num_bins: int,
) -> Float[np.ndarray, "bins units classes"]:
    """Counts under bins of equal frequency in one go; every label is a class.

    For each edge the responses above it are one bit an image; with the images of a class side by
    side, counting set bits is all that is left to do.
    """
    # XLA transposes five times as fast as NumPy.
    columns = np.asarray(jnp.asarray(responses.T))
    images, is_padding, starts = _class_by_class(labels, num_classes)

    def counts_of(units: slice) -> np.ndarray:
        slab = columns[units]
        edges = frequency_edges(slab, num_bins)
        ordered = np.take(slab, images, axis=1)
        ordered[:, is_padding] = -np.inf
        zeros = _bits_by_class(ordered == 0, starts)
        has_silent = np.asarray(zeros.any(axis=1))
        above = [_bits_by_class(ordered >= edge[:, None], starts) for edge in edges.T]
        # Zeros that are bin 0 are no response above an edge of 0 or less.
        above = [
            reached - zeros * (has_silent & (edge <= 0))[:, None]
            for reached, edge in zip(above, edges.T, strict=True)
        ]
        everything = np.broadcast_to(np.bincount(labels, minlength=num_classes), zeros.shape)
        counts = np.diff([*above[::-1], everything], axis=0, prepend=0)[::-1]
        return np.moveaxis(_with_silent(counts, zeros, has_silent), 0, 1)

    return np.moveaxis(by_slabs(counts_of, len(columns)), 1, 0).astype(np.float64)


def _with_silent(counts: np.ndarray, zeros: np.ndarray, has_silent: np.ndarray) -> np.ndarray:
    """Moves the counts of units with zeros up by one bin, and their zeros into bin 0."""
    moved = np.concatenate([zeros[None], counts[:1] - zeros, counts[1:-1]])
    return np.where(has_silent[:, None], moved, counts)


def _class_by_class(
    labels: Int[np.ndarray, " images"], num_classes: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Orders images by class, each class filled up to whole words of bits.

    Returns:
      The image at each place, whether the place is a filling, and each class's first word.
    """
    sizes = np.bincount(labels, minlength=num_classes)
    words = np.maximum(-(-sizes // WORD), 1)  # reduceat needs one of an empty class, too
    starts = np.concatenate([[0], np.cumsum(words)[:-1]])
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    places = np.repeat(starts * WORD, sizes) + rank
    images = np.zeros(words.sum() * WORD, np.int64)
    is_padding = np.ones(len(images), bool)
    images[places], is_padding[places] = np.argsort(labels, kind="stable"), False
    return images, is_padding, starts


def _bits_by_class(
    flags: Bool[np.ndarray, "units places"], starts: Int[np.ndarray, " classes"]
) -> Int[np.ndarray, "units classes"]:
    words = np.bitwise_count(np.packbits(flags, axis=1).view(np.uint16))
    return np.add.reduceat(words, starts, axis=1, dtype=np.int64)
