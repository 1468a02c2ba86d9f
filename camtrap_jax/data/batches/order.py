"""The order of training images: shuffled epochs without end, any part of which can be asked for."""

from __future__ import annotations

import functools

import numpy as np
from jaxtyping import Int


def shuffled_rows(
    rows: Int[np.ndarray, " images"], *, seed: int, start: int, count: int
) -> Int[np.ndarray, " count"]:
    """Returns a part of the endless sequence in which each epoch has every row once.

    Args:
      rows: what an epoch holds; at least one.
      seed: each seed and epoch has an order of its own.
      start: place in the sequence where the part begins.
      count: its length; it may cross the borders of epochs.
    """
    epochs, places = np.divmod(np.arange(start, start + count), len(rows))
    parts = [
        rows[_permutation(len(rows), seed, int(epoch))[places[epochs == epoch]]]
        for epoch in np.unique(epochs)
    ]
    return np.concatenate(parts)


@functools.lru_cache(maxsize=8)
def _permutation(count: int, seed: int, epoch: int) -> Int[np.ndarray, " count"]:
    return np.random.default_rng([seed % 2**32, epoch]).permutation(count)
