"""Species in feature space: their centroids, their tree, and how far an image lies from them."""

from camtrap_jax.embedding.features import class_centroids, scale_of, unfamiliarity
from camtrap_jax.embedding.neighbours import neighbour_shares
from camtrap_jax.embedding.newick import newick
from camtrap_jax.embedding.scores import (
    energy_score,
    mahalanobis_score,
    max_probability_score,
    neighbour_score,
    shrunk_covariance,
)
from camtrap_jax.embedding.tree import (
    bootstrap_support,
    clades,
    clusters,
    cophenetic_correlation,
    linkage_tree,
)

__all__ = [
    "bootstrap_support",
    "clades",
    "class_centroids",
    "clusters",
    "cophenetic_correlation",
    "energy_score",
    "linkage_tree",
    "mahalanobis_score",
    "max_probability_score",
    "neighbour_score",
    "neighbour_shares",
    "newick",
    "scale_of",
    "shrunk_covariance",
    "unfamiliarity",
]
