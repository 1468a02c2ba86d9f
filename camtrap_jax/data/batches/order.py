"""The order of training images: shuffled epochs without end, any part of which can be asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence

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
    return _part(rows, _permutation, seed=seed, start=start, count=count)


def balanced_rows(
    groups: Sequence[Int[np.ndarray, " images"]], *, seed: int, start: int, count: int
) -> Int[np.ndarray, " count"]:
    """Returns a part of the endless sequence in which all groups are equally frequent.

    In as many images as there are groups each group comes once, in an order of that turn's own; the
    images of a group come in shuffled epochs of their own.

    Args:
      groups: the rows of each; at least one group, and one row in each.
      seed: of all orders.
      start: place in the sequence where the part begins.
      count: its length.
    """
    chosen = shuffled_rows(np.arange(len(groups)), seed=seed, start=start, count=count)
    turns = np.arange(start, start + count) // len(groups)
    images = [
        _part(groups[group], _permutation_of_group, seed=seed + 1 + group, start=turn, count=1)
        for group, turn in zip(chosen.tolist(), turns.tolist(), strict=True)
    ]
    return np.concatenate(images)


def training_order(
    labels: Int[np.ndarray, " images"], *, balanced: bool
) -> Callable[..., Int[np.ndarray, " count"]]:
    """Returns the function (seed, start, count) -> images, which are places in `labels`.

    Args:
      labels: the class of each training image; at least one.
      balanced: whether all classes are equally frequent, as in `balanced_rows`.
    """
    if not balanced:
        return functools.partial(shuffled_rows, np.arange(len(labels)))
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return functools.partial(balanced_rows, groups)


def _part(
    rows: Int[np.ndarray, " images"],
    permutation: Callable[[int, int, int], Int[np.ndarray, " images"]],
    *,
    seed: int,
    start: int,
    count: int,
) -> Int[np.ndarray, " count"]:
    epochs, places = np.divmod(np.arange(start, start + count), len(rows))
    parts = [
        rows[permutation(len(rows), seed, int(epoch))[places[epochs == epoch]]]
        for epoch in np.unique(epochs)
    ]
    return np.concatenate(parts)


def _draw(count: int, seed: int, epoch: int) -> Int[np.ndarray, " count"]:
    return np.random.default_rng([seed % 2**32, epoch]).permutation(count)


# The epochs in use: few of all images, and of each group, which is smaller, a few.
_permutation = functools.lru_cache(maxsize=8)(_draw)
_permutation_of_group = functools.lru_cache(maxsize=256)(_draw)
