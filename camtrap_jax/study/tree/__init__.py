"""Stage `tree`: species clustered by their centroids in feature space."""

from camtrap_jax.study.tree.build import build_tree
from camtrap_jax.study.tree.taxonomy import check_taxonomy

__all__ = ["build_tree", "check_taxonomy"]
