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


def balanced_rows(
    rows: Int[np.ndarray, " images"],
    labels: Int[np.ndarray, " images"],
    *,
    seed: int,
    start: int,
    count: int,
) -> Int[np.ndarray, " count"]:
    """Returns a part of the endless sequence in which all labels are equally frequent.

    In a row of as many images as there are labels each label comes once, in an order of that row's
    own; the images of a label come in their own shuffled epochs.

    Args:
      rows: at least one.
      labels: of each row.
      seed: of all orders.
      start: place in the sequence where the part begins.
      count: its length.
    """
    present = np.unique(labels)
    chosen = shuffled_rows(present, seed=seed, start=start, count=count)
    rounds = np.arange(start, start + count) // len(present)
    of_label = {label: rows[labels == label] for label in np.unique(chosen).tolist()}
    images = [
        shuffled_rows(of_label[label], seed=seed + 1 + label, start=turn, count=1)
        for label, turn in zip(chosen.tolist(), rounds.tolist(), strict=True)
    ]
    return np.concatenate(images)


@functools.lru_cache(maxsize=256)  # an epoch of each of so many labels
def _permutation(count: int, seed: int, epoch: int) -> Int[np.ndarray, " count"]:
    return np.random.default_rng([seed % 2**32, epoch]).permutation(count)
