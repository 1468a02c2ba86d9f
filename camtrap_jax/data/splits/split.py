"""What a split is: which images a network learns from, is watched on, and is tested on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

SPLITS = ("train", "val", "test")
FRACTIONS = (0.85, 0.05, 0.10)


@dataclass(frozen=True)
class Split:
    """Images divided among train, val and test.

    Attributes:
      splits: [images] "train", "val" or "test"; "" for an image that is left out.
      left_out: position and reason of each image that is left out.
      notes: what could not be had, one sentence each.
    """

    splits: np.ndarray
    left_out: list[tuple[int, str]]
    notes: list[str]
