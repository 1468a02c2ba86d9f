"""Stage `tree`: species clustered by their centroids in feature space."""

from camtrap_jax.study.tree.build import build_tree

__all__ = ["build_tree"]
