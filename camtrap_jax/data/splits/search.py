"""Assigns groups of images to splits by local search: good, not proven to be the best."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from camtrap_jax.data.splits.cost import Problem, change, cost, tally
from camtrap_jax.data.splits.split import SPLITS

_LEAST_GAIN = 1e-9  # above the rounding errors of a sum of shares
_ROWS = 8192  # groups weighed at a time: bounds memory
_MOVES = 512  # then all groups are weighed anew
_KICKS_PER_GROUP = 25
_KICKS = 1000
_WEIGHED = 3_000_000  # groups times species in all kicks: fewer of them for many groups
_ENOUGH = 0.01  # sum of |share - wanted| of a species, on the mean, that is worth no more effort


def search(
    problem: Problem, rng: np.random.Generator, *, start: Int[np.ndarray, " groups"] | None = None
) -> Int[np.ndarray, " groups"]:
    """Returns the split of each group.

    Begins at random, which keeps the splits alike in what is not counted (large and small bursts,
    day and night); moves single groups in random order as long as the cost falls; then changes a
    few groups of the best assignment at random and descends again, as often as the budget allows,
    or until the shares are near enough. That many kicks do as well as fewer and exchanges of groups
    between splits, for 12 to 1000 cameras.

    No move of one group would lower the cost of the result. So a species whose groups hold no other
    lies within its largest group of every wanted share, if that group is not larger than a share.
    50,000 groups of 20 species take 0.5 s, 200 cameras 2 s.

    Args:
      problem: groups and costs.
      rng: of the start, the order of moves, and the changes.
      start: an assignment to begin at.
    """
    num_groups, num_splits = len(problem.counts), len(SPLITS)
    best = rng.choice(num_splits, num_groups, p=problem.wanted) if start is None else start.copy()
    _descend(problem, best, rng)
    lowest = cost(problem, best)
    kicks = min(_KICKS, _KICKS_PER_GROUP * num_groups, _WEIGHED // problem.counts.size)
    for _ in range(kicks):
        if lowest <= _ENOUGH * (problem.counts.shape[1] - 1):
            break
        other = best.copy()
        chosen = rng.choice(num_groups, min(num_groups, rng.integers(2, 8)), replace=False)
        other[chosen] = rng.integers(0, num_splits, len(chosen))
        _descend(problem, other, rng)
        reached = cost(problem, other)
        if reached < lowest - _LEAST_GAIN:
            best, lowest = other, reached
    return best


def _descend(
    problem: Problem, splits: Int[np.ndarray, " groups"], rng: np.random.Generator
) -> None:
    """Changes `splits` until no move of a group lowers the cost."""
    found = tally(problem, splits)
    everything = np.arange(len(splits))
    parts = [everything[low : low + _ROWS] for low in range(0, len(splits), _ROWS)]
    while True:
        costs = [_move_costs(problem, splits, found, rows).min(axis=1) for rows in parts]
        promising = np.flatnonzero(np.concatenate(costs) < -_LEAST_GAIN)
        if not len(promising):
            return
        for row in rng.permutation(promising)[:_MOVES]:
            costs_of_row = _move_costs(problem, splits, found, row[None])[0]
            target = costs_of_row.argmin()
            if costs_of_row[target] < -_LEAST_GAIN:  # not undone by the moves before
                found[:, splits[row]] -= problem.counts[row]
                found[:, target] += problem.counts[row]
                splits[row] = target


def _move_costs(
    problem: Problem,
    splits: Int[np.ndarray, " groups"],
    found: Float[np.ndarray, "columns splits"],
    rows: Int[np.ndarray, " rows"],
) -> Float[np.ndarray, "rows splits"]:
    """Returns what it costs to move each group to each split; 0 where it is."""
    counts, home = problem.counts[rows], splits[rows]
    leave = change(problem, found.T[home], found.T[home] - counts, home)
    enter = [
        change(problem, found[:, split], found[:, split] + counts, split)
        for split in range(len(SPLITS))
    ]
    costs = np.stack(enter, axis=1) + leave[:, None]
    costs[np.arange(len(rows)), home] = 0
    return costs
