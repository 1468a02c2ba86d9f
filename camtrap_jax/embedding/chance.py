"""Whether two trees have more in common than chance gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import squareform

from camtrap_jax.embedding.comparison import MEASURES, Facts, agreement_of, facts_of


@dataclass(frozen=True)
class Agreement:
    """One measure of two trees.

    Attributes:
      value: the measure; nan where it is undefined.
      chance: its mean over trees with shuffled species.
      p_value: share of those that agree at least as well, the observed one counted in.
    """

    value: float
    chance: float
    p_value: float


def compare_trees(
    first: Float[np.ndarray, "merges 4"],
    second: Float[np.ndarray, "merges 4"],
    *,
    permutations: int = 1000,
    seed: int = 0,
) -> dict[str, Agreement]:
    """Measures two trees, and what the same trees would have in common by chance.

    Args:
      first: a tree.
      second: another one over the same leaves, in which chance shuffles them.
      permutations: number of shuffles; with 0 chance and p-values are nan.
      seed: of the shuffles.

    Returns:
      An `Agreement` for each of `MEASURES`. Its p-value is one-sided, for more agreement than
      chance gives, and at least 1 / (permutations + 1); nan where the measure is undefined.
    """
    one, other = facts_of(first), facts_of(second)
    rng = np.random.default_rng(seed)
    found = agreement_of(one, other)
    drawn = [
        agreement_of(one, _shuffled(other, rng.permutation(len(first) + 1)))
        for _ in range(permutations)
    ]
    return {
        name: _against_chance(found[name], np.array([row[name] for row in drawn]), more_is_alike)
        for name, more_is_alike in MEASURES.items()
    }


def _against_chance(value: float, drawn: np.ndarray, more_is_alike: bool) -> Agreement:
    if not (drawn.size and np.isfinite(value)):
        return Agreement(value, float("nan"), float("nan"))
    # Shuffled sums are added in another order: what is equal must count as equal.
    gap = (drawn - value) if more_is_alike else (value - drawn)
    as_alike = int((gap >= -1e-12).sum())
    return Agreement(value, float(drawn.mean()), (as_alike + 1) / (drawn.size + 1))


def _shuffled(facts: Facts, order: np.ndarray) -> Facts:
    """Gives leaf i the place that leaf `order[i]` had."""
    places = np.argsort(order)

    def moved(pairs: np.ndarray) -> np.ndarray:
        return squareform(squareform(pairs)[np.ix_(order, order)], checks=False)

    groups = {frozenset(places[list(group)].tolist()) for group in facts.groups}
    return Facts(moved(facts.heights), moved(facts.ranks), groups)
