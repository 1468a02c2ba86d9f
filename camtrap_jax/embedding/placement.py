"""Where an unknown species joins the tree of the known ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from camtrap_jax.embedding.resampling import pairs_among, resampled_trees
from camtrap_jax.embedding.tree import clades


@dataclass(frozen=True)
class Placement:
    """Where one more species joins.

    Attributes:
      nearest: the known species whose centroid is closest.
      distance: to that centroid.
      joins: the known species of the group that it joins.
      height: the distance at which it does.
      support: share of resamples in which it joins the same group; nan without resamples.
    """

    nearest: int
    distance: float
    joins: frozenset[int]
    height: float
    support: float


def place_species(
    distances: Float[np.ndarray, " pairs"],
    resampled: Float[np.ndarray, "rounds pairs"],
    *,
    num_known: int,
    newcomer: int,
    method: str = "average",
) -> Placement:
    """Clusters the known species anew with one unknown species as a further leaf.

    Other unknown species have no say, unlike in a tree of all of them.

    Args:
      distances: between all species, the known ones first, in SciPy's condensed form.
      resampled: `resampled_distances` between the same.
      num_known: how many are known.
      newcomer: the unknown species' place among all of them.
      method: of clustering.
    """
    square = squareform(distances)
    pairs = pairs_among([*range(num_known), newcomer], len(square))
    joins, height = joined_clade(hierarchy.linkage(distances[pairs], method), num_known)
    again = [
        joined_clade(tree, num_known)[0]
        for tree in resampled_trees(resampled[:, pairs], method=method)
    ]
    nearest = int(square[newcomer, :num_known].argmin())
    return Placement(
        nearest=nearest,
        distance=float(square[newcomer, nearest]),
        joins=joins,
        height=height,
        support=float(np.mean([found == joins for found in again])) if again else float("nan"),
    )


def joined_clade(tree: Float[np.ndarray, "merges 4"], leaf: int) -> tuple[frozenset[int], float]:
    """Returns the leaves of the branch that a leaf merges with, and the distance."""
    merge = int(np.flatnonzero((tree[:, :2] == leaf).any(axis=1))[0])
    return clades(tree)[merge] - {leaf}, float(tree[merge, 2])
