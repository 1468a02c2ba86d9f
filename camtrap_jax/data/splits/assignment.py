"""Which groups of images go to train, val and test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int

from camtrap_jax.data.splits.cost import Problem, cost, make_problem
from camtrap_jax.data.splits.coverage import proven_by_counting, search_exactly
from camtrap_jax.data.splits.search import search
from camtrap_jax.data.splits.split import SPLITS


_FEW = 8  # groups: 6561 assignments


@dataclass(frozen=True)
class Assignment:
    """Groups assigned to splits.

    Attributes:
      splits: [groups] index into `SPLITS`.
      proven: of train, test and val, in this order: whether it is certain that no assignment leaves
        out fewer species without leaving out more in what comes before.
    """

    splits: Int[np.ndarray, " groups"]
    proven: tuple[bool, bool, bool]


def assign_groups(
    counts: Int[np.ndarray, "groups species"], fractions: Sequence[float], *, seed: int
) -> Assignment:
    """Assigns each group to a split, as cheaply as `cost` says.

    Of few groups, the best of all assignments. Of more, a local search, and where it leaves a species out of a split without need that counting shows,
    an exact search for an assignment that does not, from which the local one goes on.

    Args:
      counts: images of each species in each group, in an order that does not depend on chance;
        every species has images.
      fractions: wanted of train, val and test.
      seed: of the search.
    """
    problem, has = make_problem(counts, fractions), counts > 0
    if len(counts) <= _FEW:
        return Assignment(_best_of_all(problem), (True, True, True))
    rng = np.random.default_rng(seed % 2**32)
    splits = search(problem, rng)
    proven = proven_by_counting(has, splits)
    if not all(proven):
        exact = search_exactly(has, splits)
        if exact.splits is not None:
            other = search(problem, rng, start=exact.splits)
            splits = min(splits, other, key=lambda found: cost(problem, found))
        proven = tuple(np.logical_or(proven, exact.proven).tolist())
    return Assignment(splits, (proven[0], proven[1], proven[2]))


def _best_of_all(problem: Problem) -> Int[np.ndarray, " groups"]:
    num_groups = len(problem.counts)
    every = np.indices((len(SPLITS),) * num_groups).reshape(num_groups, -1).T
    return every[cost(problem, every).round(9).argmin()]
