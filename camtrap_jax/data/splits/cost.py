"""What an assignment of groups of images to splits costs.

Most important first: test is empty; species without training, test, validation images; the sum over
species and splits of |share - wanted|. A cost is one number: all that matters less adds up to less
than one unit of what matters more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from camtrap_jax.data.splits.split import SPLITS

TRAIN, VAL, TEST = range(len(SPLITS))


@dataclass(frozen=True)
class Problem:
    """Groups to assign, and what an assignment costs.

    Attributes:
      counts: images of each species in each group; the last column counts them all.
      total: the same over all groups.
      wanted: shares of train, val and test, which add up to 1.
      missing: cost of having no image in a split.
      weight: of |share - wanted|: 1, and 0 for the last column.
    """

    counts: Float[np.ndarray, "groups columns"]
    total: Float[np.ndarray, " columns"]
    wanted: Float[np.ndarray, " splits"]
    missing: Float[np.ndarray, "columns splits"]
    weight: Float[np.ndarray, " columns"]


def make_problem(counts: Int[np.ndarray, "groups species"], fractions: Sequence[float]) -> Problem:
    """Sets the costs.

    Args:
      counts: images of each species in each group; every species has images.
      fractions: wanted of train, val and test.
    """
    num_species = counts.shape[1]
    unit = 2.0 * num_species + 1  # the shares of one species deviate by 2 at most
    missing = np.zeros((num_species + 1, len(SPLITS)))
    missing[:-1, VAL] = unit
    missing[:-1, TEST] = unit * (num_species + 1)
    missing[:-1, TRAIN] = unit * (num_species + 1) ** 2
    missing[-1, TEST] = unit * (num_species + 1) ** 3
    with_all = np.column_stack([counts, counts.sum(axis=1)]).astype(np.float64)
    return Problem(
        counts=with_all,
        total=with_all.sum(axis=0),
        wanted=np.asarray(fractions, np.float64) / sum(fractions),
        missing=missing,
        weight=np.append(np.ones(num_species), 0.0),
    )


def cost(
    problem: Problem, splits: Int[np.ndarray, "*assignments groups"]
) -> Float[np.ndarray, "*assignments"]:
    """Returns the cost of each assignment."""
    found = tally(problem, splits)
    shares = np.abs(found / problem.total[:, None] - problem.wanted).sum(axis=-1)
    return (problem.missing * (found == 0)).sum(axis=(-2, -1)) + shares @ problem.weight


def tally(
    problem: Problem, splits: Int[np.ndarray, "*assignments groups"]
) -> Float[np.ndarray, "*assignments columns splits"]:
    """Counts the images of each species in each split."""
    return problem.counts.T @ (splits[:, None] == np.arange(len(SPLITS)))


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
    missing = (after == 0).astype(np.float64) - (before == 0)
    # Summed apart, so that the large costs cancel without rounding.
    return shares @ problem.weight + (missing * problem.missing.T[split]).sum(axis=-1)
