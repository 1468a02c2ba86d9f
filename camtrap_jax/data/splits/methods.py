"""The ways to divide images among train, val and test."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from camtrap_jax.data.splits.at_random import random_split
from camtrap_jax.data.splits.by_group import split_by_camera, split_by_sequence
from camtrap_jax.data.splits.by_time import split_by_time
from camtrap_jax.data.splits.split import FRACTIONS, Split


def split_images(
    images: pd.DataFrame,
    *,
    method: str,
    seed: int,
    fractions: Sequence[float] = FRACTIONS,
) -> Split:
    """Divides the images of known species among train, val and test.

    `random` divides each species by itself. `sequence` parts no burst, near-duplicates or exact
    duplicates; `camera` has no camera in two splits; `time` has train before val before test. Of
    these three, the first two come as near as they can, in this order, to: test is not empty;
    every species has training images (without, they refuse), then half of its images in train, then
    test images; val is not empty; the wanted shares, and validation images. `time` does so for test
    and training images, and for the mean of the shares. Except for `random`, the order of the rows
    plays no part.

    Args:
      images: columns `filepath`, `species`, `camera`, `sequence`, `datetime`
        ("YYYY-MM-DD hh:mm:ss"), `sha256` (each "" where it is not known) and `near_duplicate`
        (images that look alike have the same number).
      method: `random`, `sequence`, `camera` or `time`.
      seed: of what is drawn.
      fractions: of train, val and test, above 0.

    Raises:
      ValueError: the method is unknown, or its split cannot be had of these images; one line.
    """
    if method not in _METHODS:
        raise ValueError(f"--split: expected one of {', '.join(_METHODS)}, got {method!r}")
    return _METHODS[method](images, fractions, seed=seed)


def _split_at_random(images: pd.DataFrame, fractions: Sequence[float], *, seed: int) -> Split:
    splits = random_split(images["species"].tolist(), seed=seed, fractions=fractions)
    return Split(splits, [], [])


def _split_by_time(images: pd.DataFrame, fractions: Sequence[float], *, seed: int) -> Split:
    del seed  # nothing is drawn
    return split_by_time(images, fractions)


_METHODS = {
    "random": _split_at_random,
    "sequence": split_by_sequence,
    "camera": split_by_camera,
    "time": _split_by_time,
}
