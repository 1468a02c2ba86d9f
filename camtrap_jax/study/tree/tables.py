"""The tree's tables and Newick files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax import embedding
from camtrap_jax.store import write_table
from camtrap_jax.study.tree.species import Species


def write_centroids(folder: Path, species: Species) -> None:
    """Writes each species' role, number of images and mean feature vector."""
    names, known = species.names, species.num_known
    roles = ["known"] * known + ["unknown"] * (len(names) - known)
    table = pd.DataFrame({"species": names, "role": roles, "images": species.images})
    columns = [f"f{number}" for number in range(species.points.shape[1])]
    points = pd.DataFrame(species.points, columns=columns)
    write_table(folder / "centroids.csv", pd.concat([table, points], axis=1))


def write_tree(
    folder: Path,
    names: list[str],
    tree: np.ndarray,
    support: np.ndarray,
    *,
    suffix: str = "",
) -> None:
    """Writes a tree as `linkageSUFFIX.csv` and `treeSUFFIX.nwk`.

    In the table, nodes below the number of species are rows of centroids.csv (of those with
    images), above it earlier merges.
    """
    table = linkage_table(tree).assign(support=support)
    write_table(folder / f"linkage{suffix}.csv", table)
    text = embedding.newick(tree, names, support=support)
    (folder / f"tree{suffix}.nwk").write_text(text + "\n", encoding="utf-8")


def linkage_table(tree: np.ndarray) -> pd.DataFrame:
    """One row a merge; nodes below the number of species are species, above it earlier merges."""
    return pd.DataFrame(
        {
            "node": np.arange(len(tree)) + len(tree) + 1,
            "left": tree[:, 0].astype(np.int64),
            "right": tree[:, 1].astype(np.int64),
            "distance": tree[:, 2],
            "leaves": tree[:, 3].astype(np.int64),
        }
    )


def cluster_table(
    known: list[str], tree: np.ndarray, distances: np.ndarray, count: int
) -> pd.DataFrame:
    """Cuts the tree; one row a species.

    Columns: `species`; `cluster`, of a cut into `count`, numbered along the tree; `silhouette`, in
    that cluster; `group`, of the highest cut that leaves `count` groups of two species or more,
    empty for a species alone there.
    """
    labels = embedding.clusters(tree, count)
    groups = pd.Series(embedding.primary_groups(tree, count) + 1, dtype="Int64")
    return pd.DataFrame(
        {
            "species": known,
            "cluster": labels,
            "silhouette": embedding.silhouettes(distances, labels),
            "group": groups.mask(groups == 0),
        }
    )
