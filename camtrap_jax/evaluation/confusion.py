"""Whether the species that lie close together are those that are confused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import rankdata


@dataclass(frozen=True)
class Agreement:
    """Rank correlation of two tables of pairs, and how often chance gives as low a one."""

    correlation: float  # Spearman's, from -1 to 1
    p_value: float  # one-sided, of a correlation as low
    pairs: int


def confusion_shares(counts: Int[np.ndarray, "species species"]) -> Float[np.ndarray, "s s"]:
    """How much two species are taken for one another, whichever way: symmetric, from 0 to 1.

    The mean of the share of the one's images that were named the other and of the reverse; nan for
    pairs with a species that has no image, and on the diagonal.
    """
    images = counts.sum(axis=1, keepdims=True)
    shares = counts / np.where(images > 0, images, np.nan)
    both = (shares + shares.T) / 2
    np.fill_diagonal(both, np.nan)
    return both


def rank_agreement(
    first: Float[np.ndarray, "species species"],
    second: Float[np.ndarray, "species species"],
    *,
    permutations: int = 1000,
    seed: int = 0,
) -> Agreement:
    """Spearman's correlation of two symmetric tables over all pairs, tested by permuting species.

    Pairs that share a species are not independent, so the test does not shuffle pairs: it gives
    the species of one table other places, rows and columns alike.

    Args:
      first: one number a pair; the diagonal is not read. A species of which every pair is nan is
        left out.
      second: likewise, finite for all species.
      permutations: drawn at random; the observed order counts as one more.
      seed: of the draws.

    Returns:
      Correlation and p-value, nan with fewer than three species or where all pairs of a table
      are equal.

    Source:
      Mantel 1967, "The detection of disease clustering and a generalized regression approach"; on
      ranks, as Dietz 1983, "Permutation tests for association between two distance matrices".
    """
    off_diagonal = ~np.eye(len(first), dtype=bool)
    kept = np.flatnonzero((np.isfinite(first) & off_diagonal).any(axis=1))
    rows, columns = np.triu_indices(len(kept), 1)
    ranks = [_centred_ranks(table[np.ix_(kept, kept)][rows, columns]) for table in (first, second)]
    spread = np.sqrt(np.prod([(rank**2).sum() for rank in ranks]))
    if len(kept) < 3 or spread == 0:
        return Agreement(float("nan"), float("nan"), len(rows))
    square = np.zeros((len(kept), len(kept)))
    square[rows, columns] = square[columns, rows] = ranks[1]
    rng = np.random.default_rng(seed)
    products = np.empty(permutations)
    for number in range(permutations):
        order = rng.permutation(len(kept))
        products[number] = ranks[0] @ square[order[rows], order[columns]]
    observed = ranks[0] @ ranks[1]
    # Ranks are halves of whole numbers, so equal products are equal to the last bit.
    p_value = (1 + np.sum(products <= observed)) / (1 + permutations)
    return Agreement(float(observed / spread), float(p_value), len(rows))


def _centred_ranks(values: Float[np.ndarray, " pairs"]) -> Float[np.ndarray, " pairs"]:
    ranks = rankdata(values)
    return ranks - (len(ranks) + 1) / 2
