"""Hierarchical clustering of species by the distances between their centroids."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist

from camtrap_jax.embedding.leaf_order import in_leaf_order

_ROUNDING = 1e-12  # of the largest number: what differs by less is the same


def linkage_tree(
    centroids: Float[np.ndarray, "species dim"], *, method: str = "average"
) -> Float[np.ndarray, "merges 4"]:
    """Clusters species by the Euclidean distances between their centroids.

    The two branches of each fork stand so that neighbouring leaves are as close as the tree
    allows, and the whole tree so that the larger branch of the root comes first.

    Args:
      centroids: one row per species.
      method: "average", "ward", "complete" or "single".

    Returns:
      SciPy's linkage matrix: per merge the two nodes (below the number of species a species,
      above it an earlier merge), their distance, and the number of leaves. `leaves_list` has the
      order of the leaves.

    Raises:
      ValueError: fewer than two species, or a centroid that is not finite.
    """
    centroids = np.asarray(centroids, np.float64)
    if len(centroids) < 2:
        raise ValueError(f"linkage_tree: expected at least 2 species, got {len(centroids)}")
    missing = np.flatnonzero(~np.isfinite(centroids).all(axis=1))
    if missing.size:
        raise ValueError(
            f"linkage_tree: centroids of species {missing.tolist()} are not finite; leave out "
            "species without images"
        )
    distances = pdist(centroids)
    return in_leaf_order(hierarchy.linkage(distances, method), distances)


def cophenetic_correlation(
    tree: Float[np.ndarray, "merges 4"], distances: Float[np.ndarray, " pairs"]
) -> float:
    """Correlation between the distances in the tree and those that it was made of.

    Args:
      tree: a linkage matrix.
      distances: between its leaves, in SciPy's condensed form.

    Returns:
      1 when the tree shows every distance as it is; nan with fewer than three species, or when
      all distances are equal.

    Source:
      Sokal and Rohlf 1962, "The comparison of dendrograms by objective methods".
    """
    return correlation(heights_of(tree), distances)


def heights_of(tree: Float[np.ndarray, "merges 4"]) -> Float[np.ndarray, " pairs"]:
    """Distances at which pairs of leaves meet in a tree, in SciPy's condensed form."""
    return np.asarray(hierarchy.cophenet(tree))


def correlation(first: Float[np.ndarray, " pairs"], second: Float[np.ndarray, " pairs"]) -> float:
    """Pearson's correlation; nan of fewer than three numbers, or where one side is constant."""
    if len(first) < 3 or _is_constant(first) or _is_constant(second):
        return float("nan")
    return float(np.corrcoef(first, second)[0, 1])


def _is_constant(values: np.ndarray) -> bool:
    return bool(np.ptp(values) <= _ROUNDING * np.abs(values).max())


def clades(tree: Float[np.ndarray, "merges 4"]) -> list[frozenset[int]]:
    """Lists the species below each merge, merges in the order of the tree's rows."""
    num_species = len(tree) + 1
    members = [frozenset([leaf]) for leaf in range(num_species)]
    for left, right in tree[:, :2].astype(int):
        members.append(members[left] | members[right])
    return members[num_species:]


def clusters(tree: Float[np.ndarray, "merges 4"], count: int) -> Int[np.ndarray, " species"]:
    """Cuts the tree into `count` clusters, or fewer where equal heights forbid it.

    Returns:
      The cluster of each species, numbered from 1 in the order of the tree's leaves.
    """
    labels = hierarchy.fcluster(tree, count, "maxclust")
    in_leaf_order = list(dict.fromkeys(labels[hierarchy.leaves_list(tree)]))
    return np.array([in_leaf_order.index(label) + 1 for label in labels])
