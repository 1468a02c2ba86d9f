"""How much two trees of the same species have in common.

A tree is a linkage matrix. Merges at one height that hang on each other are one node with several
branches, so that trees which are not binary, such as a taxonomy, are compared as they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from camtrap_jax.embedding.tree import clades, correlation, heights_of

# The measures, and whether more of it is more alike.
MEASURES = {
    "cophenetic_correlation": True,
    "bakers_gamma": True,
    "robinson_foulds": False,
    "robinson_foulds_normalised": False,
}


def tree_of_heights(distances: Float[np.ndarray, " pairs"]) -> Float[np.ndarray, "merges 4"]:
    """Turns the heights at which pairs of leaves meet into a linkage matrix.

    Args:
      distances: in SciPy's condensed form, of a tree: of any three leaves' distances the two
        largest are equal.
    """
    return hierarchy.linkage(distances, "single")


def pruned(
    tree: Float[np.ndarray, "merges 4"], leaves: Sequence[int] | Int[np.ndarray, " kept"]
) -> Float[np.ndarray, "merges 4"]:
    """Returns what is left of a tree when only some leaves are kept, in the order given."""
    kept, square = np.asarray(leaves), squareform(heights_of(tree))
    return tree_of_heights(squareform(square[np.ix_(kept, kept)], checks=False))


def true_clades(tree: Float[np.ndarray, "merges 4"]) -> set[frozenset[int]]:
    """Lists the groups that a rooted tree asserts: neither single leaves nor all of them.

    A merge at its parent's height is no group of its own.
    """
    size = len(tree) + 1
    is_true = np.ones(len(tree), bool)
    for left, right, height, _ in tree:
        for child in (int(left) - size, int(right) - size):
            if child >= 0:
                is_true[child] = tree[child, 2] < height
    groups = clades(tree)
    return {group for group, real in zip(groups[:-1], is_true[:-1], strict=True) if real}


def robinson_foulds(
    first: Float[np.ndarray, "merges 4"], second: Float[np.ndarray, "merges 4"]
) -> tuple[int, float]:
    """Counts the groups of one rooted tree that the other has not.

    Returns:
      The number of groups that only one of the trees has, and its share of all groups of both
      (0: the same groups; 1: none in common; nan where neither has any).

    Source:
      Robinson and Foulds 1981, "Comparison of phylogenetic trees", on rooted trees: their groups
      are clades, not splits.
    """
    return count_apart(true_clades(first), true_clades(second))


def count_apart(one: set[frozenset[int]], other: set[frozenset[int]]) -> tuple[int, float]:
    """Counts what only one of two sets has, and its share of all members of both."""
    apart, total = len(one ^ other), len(one) + len(other)
    return apart, apart / total if total else float("nan")


def shared_counts(tree: Float[np.ndarray, "merges 4"]) -> Int[np.ndarray, " pairs"]:
    """Into how many clusters a tree can be cut with two leaves still together, for each pair.

    From 1 (they meet at the root) to one less than the number of leaves. Merges at one height
    happen together.
    """
    together = np.searchsorted(np.sort(tree[:, 2]), heights_of(tree), side="right")
    return len(tree) + 1 - together


def bakers_gamma(
    first: Float[np.ndarray, "merges 4"], second: Float[np.ndarray, "merges 4"]
) -> float:
    """Rank correlation of how long pairs of leaves stay together as the trees are cut.

    Spearman's, between the two trees' `shared_counts`; heights count by their order alone. nan
    with fewer than three leaves, or where one tree has a single height.

    Source:
      Baker 1974, "Stability of two hierarchical grouping techniques".
    """
    return correlation(rankdata(shared_counts(first)), rankdata(shared_counts(second)))


def agreement(
    first: Float[np.ndarray, "merges 4"], second: Float[np.ndarray, "merges 4"]
) -> dict[str, float]:
    """Measures two trees over the same leaves by everything in `MEASURES`."""
    return agreement_of(facts_of(first), facts_of(second))


@dataclass(frozen=True)
class Facts:
    """What is compared of a tree."""

    heights: np.ndarray  # [pairs]
    ranks: np.ndarray  # [pairs], of shared_counts
    groups: set[frozenset[int]]


def facts_of(tree: Float[np.ndarray, "merges 4"]) -> Facts:
    """Computes once what a tree is compared by."""
    return Facts(heights_of(tree), rankdata(shared_counts(tree)), true_clades(tree))


def agreement_of(one: Facts, other: Facts) -> dict[str, float]:
    """Measures two trees by everything in `MEASURES`."""
    apart, share = count_apart(one.groups, other.groups)
    return {
        "cophenetic_correlation": correlation(one.heights, other.heights),
        "bakers_gamma": correlation(one.ranks, other.ranks),
        "robinson_foulds": apart,
        "robinson_foulds_normalised": share,
    }
