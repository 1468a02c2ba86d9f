"""Bins and counts on a CPU, by NumPy in threads.

XLA sorts on a CPU twenty times as slowly as NumPy, and multiplies by one-hot matrices where a
plain count is faster. Some units at a time stay in a core's cache.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
from jax.core import Tracer
from jaxtyping import ArrayLike, Bool, Float, Int, UInt8, UInt16

SLAB = 64  # units at a time, at most
WORD = 16  # bits that are counted at once
MOST_BINS = 255


def is_on_host(*arrays: ArrayLike) -> bool:
    """Tells whether arrays are values, not those of a program being compiled, on a CPU."""
    return jax.default_backend() == "cpu" and not any(isinstance(array, Tracer) for array in arrays)


def by_slabs(function: Callable[[slice], np.ndarray], num_units: int) -> np.ndarray:
    """Joins what a function returns for some units at a time, along the first axis."""
    cores = len(os.sched_getaffinity(0))
    size = max(min(SLAB, num_units // cores), 1)
    slabs = [slice(start, start + size) for start in range(0, num_units, size)]
    with ThreadPoolExecutor(cores) as pool:
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
    images = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(labels[images], np.arange(num_classes + 1))

    def counts_of(units: slice) -> np.ndarray:
        slab = _columns(responses[:, units], images)
        edges = frequency_edges(slab[:, : len(images)], num_bins)
        words = [_packed(slab == 0), *(_packed(slab >= edge[:, None]) for edge in edges.T[::-1])]
        zeros, *above = _bits_by_class(np.stack(words), bounds)
        has_silent = zeros.any(axis=1)
        # Zeros that are bin 0 are no response above an edge of 0 or less.
        above -= zeros * (has_silent & (edges.T[::-1] <= 0))[:, :, None]
        everything = np.broadcast_to(np.diff(bounds), zeros.shape)
        counts = np.diff([*above, everything], axis=0, prepend=0)[::-1]
        return np.moveaxis(_with_silent(counts, zeros, has_silent), 0, 1)

    counts = by_slabs(counts_of, responses.shape[1])
    return np.moveaxis(counts, 1, 0).astype(np.float64)


def _columns(
    responses: Float[np.ndarray, "images units"], images: Int[np.ndarray, " images"]
) -> Float[np.ndarray, "units places"]:
    """Transposes images in some order, up to whole words and at least one place more.

    What fills up is above no edge. NumPy transposes what lies together three times as fast.
    """
    rows = np.full((len(images) // WORD * WORD + WORD, responses.shape[1]), -np.inf, np.float32)
    np.take(responses, images, axis=0, out=rows[: len(images)], mode="clip")
    return np.ascontiguousarray(rows.T)


def _with_silent(counts: np.ndarray, zeros: np.ndarray, has_silent: np.ndarray) -> np.ndarray:
    """Moves the counts of units with zeros up by one bin, and their zeros into bin 0."""
    moved = np.concatenate([zeros[None], counts[:1] - zeros, counts[1:-1]])
    return np.where(has_silent[:, None], moved, counts)


def _packed(flags: Bool[np.ndarray, "units places"]) -> UInt16[np.ndarray, "units words"]:
    return np.packbits(flags, axis=1, bitorder="little").view(f"<u{WORD // 8}")


def _bits_by_class(
    words: UInt16[np.ndarray, "flags units words"], bounds: Int[np.ndarray, " classes_and_one"]
) -> Int[np.ndarray, "flags units classes"]:
    """Counts the set bits from each bound to the next; there is a place after the last."""
    word, bits_before = np.divmod(bounds, WORD)
    before = np.bitwise_count(words[..., word] & ((1 << bits_before) - 1)).astype(np.int64)
    whole = np.add.reduceat(np.bitwise_count(words), word, axis=-1, dtype=np.int64)
    # Where no word lies between two bounds, reduceat returns one.
    return whole[..., :-1] * (word[1:] > word[:-1]) + before[..., 1:] - before[..., :-1]
