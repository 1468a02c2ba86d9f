"""What an assignment of groups of images to splits costs.

Most important first: test is empty; species without training images; species with less than half of
their images in train; species without test images; val is empty; the sum of what is small: over
species and splits |share - wanted|, and a quarter for each species without validation images. A
cost is one number: all that matters less adds up to less than one unit of what matters more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from camtrap_jax.data.splits.split import SPLITS

TRAIN, VAL, TEST = range(len(SPLITS))
_UNWATCHED = 0.25  # cost of a species without validation images


@dataclass(frozen=True)
class Problem:
    """Groups to assign, and what an assignment costs.

    A species in a split may have two floors: one image, and half of its images.

    Attributes:
      counts: images of each species in each group; the last column counts them all.
      total: the same over all groups.
      wanted: shares of train, val and test, which add up to 1.
      floors: images that are wanted at least.
      penalty: cost of having fewer.
      weight: of |share - wanted|: 1, and 0 for the last column.
    """

    counts: Float[np.ndarray, "groups columns"]
    total: Float[np.ndarray, " columns"]
    wanted: Float[np.ndarray, " splits"]
    floors: Float[np.ndarray, "splits 2 columns"]
    penalty: Float[np.ndarray, "splits 2 columns"]
    weight: Float[np.ndarray, " columns"]


def make_problem(counts: Int[np.ndarray, "groups species"], fractions: Sequence[float]) -> Problem:
    """Sets the costs.

    Args:
      counts: images of each species in each group; every species has images.
      fractions: wanted of train, val and test.
    """
    num_species = counts.shape[1]
    with_all = np.column_stack([counts, counts.sum(axis=1)]).astype(np.float64)
    total = with_all.sum(axis=0)
    floors = np.broadcast_to(np.stack([np.ones_like(total), total / 2]), (3, 2, len(total)))
    penalty = np.zeros(floors.shape)
    # The shares of one species deviate by 2 at most.
    no_val = (2 + _UNWATCHED) * num_species + 1
    untested = 2 * no_val
    penalty[VAL, 0, :-1] = _UNWATCHED
    penalty[VAL, 0, -1] = no_val
    penalty[TEST, 0, :-1] = untested
    penalty[TRAIN, 1, :-1] = untested * (num_species + 1)
    penalty[TRAIN, 0, :-1] = untested * (num_species + 1) ** 2
    penalty[TEST, 0, -1] = untested * (num_species + 1) ** 3
    return Problem(
        counts=with_all,
        total=total,
        wanted=np.asarray(fractions, np.float64) / sum(fractions),
        floors=floors,
        penalty=penalty,
        weight=np.append(np.ones(num_species), 0.0),
    )


def cost(
    problem: Problem, splits: Int[np.ndarray, "*assignments groups"]
) -> Float[np.ndarray, "*assignments"]:
    """Returns the cost of each assignment."""
    found = np.swapaxes(tally(problem, splits), -1, -2)
    shares = np.abs(found / problem.total - problem.wanted[:, None]) @ problem.weight
    short = found[..., None, :] < problem.floors
    return (problem.penalty * short).sum(axis=(-3, -2, -1)) + shares.sum(axis=-1)


def tally(
    problem: Problem, splits: Int[np.ndarray, "*assignments groups"]
) -> Float[np.ndarray, "*assignments columns splits"]:
    """Counts the images of each species in each split."""
    return problem.counts.T @ (splits[..., None] == np.arange(len(SPLITS)))


def change(
    problem: Problem,
    before: Float[np.ndarray, "rows columns"] | Float[np.ndarray, " columns"],
    after: Float[np.ndarray, "rows columns"],
    split: Int[np.ndarray, " rows"] | int,
) -> Float[np.ndarray, " rows"]:
    """Returns what the cost changes by where `before` images of each species become `after`.

    Args:
      problem: the costs.
      before: images in a split.
      after: the same, changed.
      split: which, of each row or of all.
    """
    total, wanted = problem.total, np.asarray(problem.wanted[split])[..., None]
    shares = np.abs(after / total - wanted) - np.abs(before / total - wanted)
    floors, penalty = problem.floors[split], problem.penalty[split]
    short = (after[..., None, :] < floors).astype(np.float64) - (before[..., None, :] < floors)
    # Summed apart, so that the large costs cancel without rounding.
    return shares @ problem.weight + (short * penalty).sum(axis=(-2, -1))
