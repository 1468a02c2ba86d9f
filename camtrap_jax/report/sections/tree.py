"""How the species lie to one another in feature space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.embedding import linkage_tree
from camtrap_jax.report.dendrogram import dendrogram
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.plane import THUMB_PX, plane_chart
from camtrap_jax.report.results import Results
from camtrap_jax.report.sections.taxonomy import comparison

FEATURES_FROM = 3  # centroids.csv: the columns before are species, role and images
MAX_PLACED = 12  # unknown species, the most distant first, whose own figure is drawn

Groups = dict[str, int]  # of each known species: its primary group from 0, -1 for none


def tree_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws the tree of the known species, what joined it, and single images in a plane."""
    centroids, linkage = results.table("tree/centroids.csv"), results.table("tree/linkage.csv")
    clusters = results.table("tree/clusters.csv")
    if centroids is None or linkage is None or clusters is None:
        return None
    summary = results.json("tree/tree.json")
    marks = (clusters["group"].fillna(0).astype(int) - 1).tolist()
    groups: Groups = dict(zip(clusters["species"], marks, strict=True))
    placements = results.rows("tree/placements.csv") or []
    placements = sorted(placements, key=lambda row: (row["images"] == 0, -row["distance"]))
    return {
        "known": _drawn(linkage, list(groups), groups, pictures, "tree"),
        "joined": _with_unknown(results, centroids, groups, pictures),
        "cophenetic": summary.get("cophenetic_correlation"),
        "linkage": results.config.tree.linkage,
        "rounds": results.config.tree.bootstrap_rounds,
        "clusters": _clusters(clusters, summary.get("leaves", [])),
        "placements": [_placement(row) for row in placements],
        "placed": _placed(results, centroids, groups, placements, pictures),
        "comparison": comparison(results, linkage, groups, pictures),
        "planes": _planes(results, groups, pictures),
        "embedding": summary.get("embedding", {}),
    }


def merges(linkage: pd.DataFrame) -> np.ndarray:
    """Returns a table of merges as a SciPy linkage."""
    return linkage[["left", "right", "distance", "leaves"]].to_numpy(np.float64)


def _drawn(
    linkage: pd.DataFrame, names: Sequence[str], groups: Groups, pictures: Pictures, file: str
) -> dict[str, str]:
    support = linkage["support"].to_numpy(np.float64)
    return pictures.save_figure(dendrogram(merges(linkage), names, groups, support=support), file)


def _with_unknown(
    results: Results, centroids: pd.DataFrame, groups: Groups, pictures: Pictures
) -> dict[str, str] | None:
    """Draws the tree of all species that have images; None if none of them is unknown."""
    linkage = results.table("tree/linkage_with_unknown.csv")
    names = list(centroids.loc[centroids["images"] > 0, "species"])
    if linkage is None or set(names) <= set(groups):
        return None
    return _drawn(linkage, names, groups, pictures, "tree-with-unknown")


def _clusters(table: pd.DataFrame, leaves: list[str]) -> list[dict[str, Any]]:
    """Lists the clusters along the tree: their species, and how well these sit in them."""
    rows = table.set_index("species").loc[leaves].reset_index()
    return [
        {"species": list(own["species"]), "silhouette": own["silhouette"].mean()}
        for _, own in rows.groupby("cluster")
    ]


def _placement(row: dict[str, Any]) -> dict[str, Any]:
    joined = [name for name in row["joins"].split("; ") if name]
    return {**row, "joins": joined}


def _placed(
    results: Results,
    centroids: pd.DataFrame,
    groups: Groups,
    placements: list[dict[str, Any]],
    pictures: Pictures,
) -> list[dict[str, Any]]:
    """Draws the known species' tree with one unknown species at a time, the most distant first."""
    points = centroids.set_index("species").iloc[:, FEATURES_FROM - 1 :].astype(np.float64)
    drawn = []
    for number, row in enumerate(placements[:MAX_PLACED]):
        if not row["images"]:
            continue
        names = [*groups, row["species"]]
        tree = linkage_tree(points.loc[names].to_numpy(), method=results.config.tree.linkage)
        figure = dendrogram(tree, names, groups)
        drawing = pictures.save_figure(figure, f"tree-with-{number}-{row['species']}")
        drawn.append({"species": row["species"], "drawing": drawing})
    return drawn


def _planes(results: Results, groups: Groups, pictures: Pictures) -> dict[str, dict[str, str]]:
    """Draws single images along their principal axes, and as t-SNE lays them out."""
    table = results.table("tree/embedding.csv")
    if table is None:
        return {}
    table = table.assign(is_shown=~table["image_id"].isin(list(results.run.hidden)))
    shares = results.json("tree/tree.json")["embedding"]["explained_variance"]
    axes = [f"principal axis {number}" + (f", {share:.0%} of the variance" if share else "")
            for number, share in enumerate(shares, start=1)]  # fmt: skip
    drawn = {}
    for name, labels in (("pca", axes), ("tsne", ["t-SNE, first axis", "t-SNE, second axis"])):
        columns = (f"{name}_x", f"{name}_y")
        if table[list(columns)].isna().to_numpy().any():
            continue  # undefined: all images alike, or too few
        figure = plane_chart(
            table,
            columns,
            groups,
            lambda image_id: pictures.thumbnail(image_id, THUMB_PX),
            labels=(labels[0], labels[1]),
        )
        drawn[name] = pictures.save_figure(figure, f"tree-{name}", has_photos=True)
    return drawn
