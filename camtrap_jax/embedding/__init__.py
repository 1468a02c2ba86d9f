"""Species in feature space: their centroids, their tree, and how far an image lies from them."""

from camtrap_jax.embedding.chance import Agreement, compare_trees
from camtrap_jax.embedding.comparison import (
    agreement,
    bakers_gamma,
    pruned,
    robinson_foulds,
    tree_of_heights,
)
from camtrap_jax.embedding.features import class_centroids, scale_of, unfamiliarity
from camtrap_jax.embedding.gaps import Moments, nearest_gaps, species_moments
from camtrap_jax.embedding.gaussian_scores import mahalanobis_scores, shrunk_covariance
from camtrap_jax.embedding.grouping import primary_groups, silhouettes
from camtrap_jax.embedding.leaf_order import in_leaf_order
from camtrap_jax.embedding.logit_scores import (
    energy_score,
    max_logit_score,
    max_probability_score,
)
from camtrap_jax.embedding.neighbours import neighbour_score, neighbour_shares
from camtrap_jax.embedding.newick import newick
from camtrap_jax.embedding.newick_reading import (
    has_lengths,
    leaf_names,
    newick_heights,
    parse_newick,
)
from camtrap_jax.embedding.placement import Placement, place_species
from camtrap_jax.embedding.plane import neighbour_map, perplexity_of, principal_axes
from camtrap_jax.embedding.ranks import rank_distances
from camtrap_jax.embedding.resampling import (
    bootstrap_support,
    pairs_among,
    percentile_interval,
    resampled_distances,
    resampled_trees,
)
from camtrap_jax.embedding.tree import (
    clades,
    clusters,
    cophenetic_correlation,
    heights_of,
    linkage_tree,
)
from camtrap_jax.embedding.virtual_logit import choose_principal_dim, virtual_logit_score

__all__ = [
    "Agreement",
    "Moments",
    "Placement",
    "agreement",
    "bakers_gamma",
    "bootstrap_support",
    "choose_principal_dim",
    "clades",
    "class_centroids",
    "clusters",
    "compare_trees",
    "cophenetic_correlation",
    "energy_score",
    "has_lengths",
    "heights_of",
    "in_leaf_order",
    "leaf_names",
    "linkage_tree",
    "mahalanobis_scores",
    "max_logit_score",
    "max_probability_score",
    "nearest_gaps",
    "neighbour_map",
    "neighbour_score",
    "neighbour_shares",
    "newick",
    "newick_heights",
    "pairs_among",
    "parse_newick",
    "percentile_interval",
    "perplexity_of",
    "place_species",
    "primary_groups",
    "principal_axes",
    "pruned",
    "rank_distances",
    "resampled_distances",
    "resampled_trees",
    "robinson_foulds",
    "scale_of",
    "shrunk_covariance",
    "silhouettes",
    "species_moments",
    "tree_of_heights",
    "unfamiliarity",
    "virtual_logit_score",
]
