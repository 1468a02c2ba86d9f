"""How far people agree with one another, and maps with people."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int


def agreed(
    ticks: Bool[np.ndarray, "raters images features"], at_least: int
) -> Bool[np.ndarray, "images features"]:
    """Tells what at least so many raters saw on an image.

    Raises:
      ValueError: there are fewer raters than that.
    """
    if not 1 <= at_least <= len(ticks):
        there = "is 1 rater" if len(ticks) == 1 else f"are {len(ticks)} raters"
        expected = "1" if len(ticks) == 1 else f"1 to {len(ticks)}"
        raise ValueError(f"human.agreement: expected {expected}, as there {there}, got {at_least}")
    return ticks.sum(0) >= at_least


def dice_coefficients(
    shown: Bool[np.ndarray, "*sets features"], described: Bool[np.ndarray, " features"]
) -> Float[np.ndarray, "*sets"]:
    """Returns Dice's coefficient of the features that maps show and those that people describe.

    `2 |A and B| / (|A| + |B|)`, from 0 (nothing in common) to 1 (the same); nan where both sets are
    empty.

    Args:
      shown: whether a feature is in A; any number of sets at once.
      described: whether it is in B.

    Source: Dice 1945, "Measures of the amount of ecologic association between species".
    """
    common = (shown & described).sum(-1)
    sizes = shown.sum(-1) + described.sum()
    return np.where(sizes > 0, 2 * common / np.maximum(sizes, 1), np.nan)


def fleiss_kappa(counts: Int[np.ndarray, "items categories"]) -> float:
    """Returns the agreement of raters beyond chance: 1 is perfect, 0 what chance gives.

    Args:
      counts: how many raters put an item into each category; as many raters for each item.

    Returns:
      nan without items, with fewer than two raters, and where all chose the same category
      throughout: chance alone would agree then, too.

    Raises:
      ValueError: items have different numbers of raters.

    Source: Fleiss 1971, "Measuring nominal scale agreement among many raters".
    """
    raters = counts.sum(1)
    if len(set(raters.tolist())) > 1:
        raise ValueError(
            f"counts: expected as many raters for each item, got {raters.min()} to {raters.max()}"
        )
    if not len(counts) or raters[0] < 2:
        return float("nan")
    number = int(raters[0])
    of_items = ((counts**2).sum(1) - number) / (number * (number - 1))
    by_chance = float(((counts.sum(0) / counts.sum()) ** 2).sum())
    return float((of_items.mean() - by_chance) / (1 - by_chance)) if by_chance < 1 else float("nan")
