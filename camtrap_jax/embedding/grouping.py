"""Groups that a tree falls into, and how well each species sits in its own."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import squareform
from sklearn.metrics import silhouette_samples

from camtrap_jax.embedding.tree import clusters


def primary_groups(tree: Float[np.ndarray, "merges 4"], count: int) -> Int[np.ndarray, " species"]:
    """Cuts the tree at the highest place that leaves `count` groups of two species or more.

    A plain cut into three often gives one large cluster and two species alone, which colours
    nothing. Where no cut gives so many groups, the highest one with the most of them is taken.

    Returns:
      The group of each species, from 0 in the order of the tree's leaves; -1 for a species alone.

    Source:
      Miao et al. 2019, figure 3, which colours three primary clusters; the rule is ours.
    """
    size = len(tree) + 1
    best, most = np.full(size, -1), 0
    for number in range(1, size + 1):
        labels = clusters(tree, number)
        found, members = np.unique(labels, return_counts=True)
        groups = found[members >= 2].tolist()
        if len(groups) > most:
            most = len(groups)
            best = np.array([groups.index(one) if one in groups else -1 for one in labels])
        if most >= count:
            break
    return best


def silhouettes(
    distances: Float[np.ndarray, " pairs"], labels: Int[np.ndarray, " species"]
) -> Float[np.ndarray, " species"]:
    """Tells how much closer each species lies to its own cluster than to the next.

    `(b - a) / max(a, b)` with `a` the mean distance to the others of its cluster and `b` the
    smallest mean distance to another cluster.

    Args:
      distances: between the species, in SciPy's condensed form.
      labels: the cluster of each.

    Returns:
      From -1 (nearer to another cluster) to 1; nan for a species alone in its cluster, and
      throughout where all are in one.

    Source:
      Rousseeuw 1987, "Silhouettes: a graphical aid to the interpretation and validation of
      cluster analysis", which sets a species alone to 0.
    """
    found, codes, members = np.unique(labels, return_inverse=True, return_counts=True)
    if not 1 < len(found) < len(labels):
        return np.full(len(labels), np.nan)
    values = np.asarray(silhouette_samples(squareform(distances), codes, metric="precomputed"))
    return np.where(members[codes] > 1, values, np.nan)
