"""How the species lie to one another in feature space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.embedding import linkage_tree
from camtrap_jax.report.dendrogram import dendrogram, primary_clusters
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results


def tree_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws the tree of the known species, and the one that the unknown species have joined."""
    centroids, linkage = results.table("tree/centroids.csv"), results.table("tree/linkage.csv")
    if centroids is None or linkage is None:
        return None
    tree = linkage[["left", "right", "distance", "leaves"]].to_numpy(np.float64)
    known = list(centroids.loc[centroids["role"] == "known", "species"])
    groups = dict(zip(known, primary_clusters(tree).tolist(), strict=True))
    figure = dendrogram(tree, known, groups, support=linkage["support"].to_numpy(np.float64))
    return {
        "known": pictures.save_figure(figure, "tree"),
        "joined": _with_unknown(centroids, results.config.tree.linkage, groups, pictures),
        "cophenetic": results.json("tree/tree.json").get("cophenetic_correlation"),
        "linkage": results.config.tree.linkage,
        "rounds": results.config.tree.bootstrap_rounds,
    }


def _with_unknown(
    centroids: pd.DataFrame, method: str, groups: dict[str, int], pictures: Pictures
) -> dict[str, str] | None:
    """Clusters anew with the unknown species that have images; None if there are none."""
    present = centroids.loc[centroids["images"] > 0]
    names = list(present["species"])
    if set(names) <= set(groups):
        return None
    features = present.drop(columns=["species", "role", "images"]).to_numpy(np.float64)
    figure = dendrogram(linkage_tree(features, method=method), names, groups)
    return pictures.save_figure(figure, "tree-with-unknown")
