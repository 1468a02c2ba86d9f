"""Hierarchical clustering of species, and how far to believe it."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist


def linkage_tree(
    centroids: Float[np.ndarray, "species dim"], *, method: str = "average"
) -> Float[np.ndarray, "merges 4"]:
    """Clusters species by the Euclidean distances between their centroids.

    Args:
      centroids: one row per species.
      method: "average", "ward" or "complete".

    Returns:
      SciPy's linkage matrix: per merge the two nodes (below the number of species a species,
      above it an earlier merge), their distance, and the number of leaves.

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
    return hierarchy.linkage(pdist(centroids), method)


def cophenetic_correlation(
    tree: Float[np.ndarray, "merges 4"], centroids: Float[np.ndarray, "species dim"]
) -> float:
    """Correlation between the distances in the tree and those between the centroids.

    1 when the tree shows every distance as it is; nan with fewer than three species, or when all
    distances are equal.
    """
    in_tree, direct = hierarchy.cophenet(tree), pdist(np.asarray(centroids, np.float64))
    if len(direct) < 3 or np.ptp(in_tree) == 0 or np.ptp(direct) == 0:
        return float("nan")
    return float(np.corrcoef(in_tree, direct)[0, 1])


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


def bootstrap_support(
    features: Float[np.ndarray, "images dim"],
    labels: Int[np.ndarray, " images"],
    tree: Float[np.ndarray, "merges 4"],
    *,
    method: str = "average",
    rounds: int = 200,
    seed: int = 0,
) -> Float[np.ndarray, " merges"]:
    """Share of resampled trees in which the species below each merge are again a group.

    Each round draws, with replacement, as many images of each species as it has, and clusters
    the new centroids. Species draw independently, so one species' images do not change another's
    draws.

    Args:
      features: the images behind the tree.
      labels: the species of each image, 0..species - 1, all of them present.
      tree: `linkage_tree` of the centroids.
      method: as the tree was made.
      rounds: number of resampled trees; with 0 every support is nan.
      seed: of the draws.

    Returns:
      Shares from 0 to 1; the last merge holds every species and has 1.

    Source:
      Felsenstein 1985, "Confidence limits on phylogenies: an approach using the bootstrap".
    """
    if rounds == 0:
        return np.full(len(tree), np.nan)
    resampled = np.stack(
        [
            _resampled_means(np.asarray(features)[labels == species], rounds, [seed, species])
            for species in range(len(tree) + 1)
        ],
        axis=1,
    )
    found = clades(tree)
    counts = np.zeros(len(tree))
    for centroids in resampled:
        again = set(clades(linkage_tree(centroids, method=method)))
        counts += [clade in again for clade in found]
    return counts / rounds


def _resampled_means(
    features: Float[np.ndarray, "images dim"], rounds: int, seed: list[int]
) -> Float[np.ndarray, "rounds dim"]:
    num_images = len(features)
    shares = np.full(num_images, 1 / num_images)
    weights = np.random.default_rng(seed).multinomial(num_images, shares, size=rounds)
    return weights.astype(features.dtype) @ features / num_images
