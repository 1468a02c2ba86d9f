"""Which groups of images go to train, val and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from camtrap_jax.data.splits.cost import Problem, cost, make_problem
from camtrap_jax.data.splits.coverage import (
    fewest_by_counting,
    reached,
    search_exactly,
    shortfalls,
)
from camtrap_jax.data.splits.search import search
from camtrap_jax.data.splits.split import SPLITS

_FEW = 8  # groups: 6561 assignments, all weighed in 10 ms


@dataclass(frozen=True)
class Assignment:
    """Groups assigned to splits.

    Attributes:
      splits: [groups] index into `SPLITS`.
      proven: of what `coverage.shortfalls` counts, in its order: whether it is certain that no
        assignment has less of it without having more of what comes before.
    """

    splits: Int[np.ndarray, " groups"]
    proven: tuple[bool, bool, bool, bool]


def assign_groups(
    counts: Int[np.ndarray, "groups species"], fractions: Sequence[float], *, seed: int
) -> Assignment:
    """Assigns each group to a split, as cheaply as `cost` says.

    Up to 8 groups it is the best of all assignments, whatever the seed. Of more groups it is what a
    local search finds; where that lacks something and counting does not show that it must, an exact
    search looks for an assignment that lacks less, and the local one goes on from there.

    Args:
      counts: images of each species in each group, in an order that does not depend on chance;
        every species has images.
      fractions: wanted of train, val and test.
      seed: of the search.
    """
    problem = make_problem(counts, fractions)
    if len(counts) <= _FEW:
        return Assignment(_best_of_all(problem), (True, True, True, True))
    rng = np.random.default_rng(seed % 2**32)
    splits, fewest = search(problem, rng), [fewest_by_counting(counts)]
    if shortfalls(counts, splits) != fewest[0]:
        exact = search_exactly(counts)
        fewest.append(exact.fewest)
        if exact.splits is not None and shortfalls(counts, exact.splits) < shortfalls(
            counts, splits
        ):
            splits = search(problem, rng, start=exact.splits)
    return Assignment(splits, reached(shortfalls(counts, splits), fewest))


def _best_of_all(problem: Problem) -> Int[np.ndarray, " groups"]:
    num_groups = len(problem.counts)
    every = np.indices((len(SPLITS),) * num_groups).reshape(num_groups, -1).T
    return every[cost(problem, every).round(9).argmin()]
