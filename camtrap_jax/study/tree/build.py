"""Builds the tree, finds out how far to believe it, and writes everything down."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from scipy.cluster.hierarchy import leaves_list

from camtrap_jax import embedding
from camtrap_jax.config import Config, TreeConfig
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder, write_json, write_table
from camtrap_jax.study.sample import images_per_species
from camtrap_jax.study.tree.comparison import write_comparison
from camtrap_jax.study.tree.placements import nearest_known, placement_table
from camtrap_jax.study.tree.plane import plane_table
from camtrap_jax.study.tree.species import Species, sampled_species
from camtrap_jax.study.tree.tables import cluster_table, write_centroids, write_tree
from camtrap_jax.study.tree.taxonomy import read_taxonomy

INTERVAL = (
    "95 % percentile interval over resamples of each species' images, drawn with replacement; "
    "centroids of resamples are noisier than those of the images themselves"
)


def build_tree(run: RunFolder, config: Config) -> None:
    """Writes RUN/tree: centroids, linkage, Newick files, the other tables and tree.json.

    Raises:
      ValueError: features are not finite, a known species has no training image, there are fewer
        than two known species, or the taxonomy cannot be read.
      FileNotFoundError: there is no such taxonomy.
    """
    settings = config.tree
    taxonomy = None
    if settings.taxonomy:
        taxonomy = read_taxonomy(Path(settings.taxonomy), run.dataset.classes)
    species = sampled_species(run, config)
    resampled = embedding.resampled_distances(
        species.features,
        species.labels,
        num_species=len(species.names),
        rounds=settings.bootstrap_rounds,
        seed=settings.seed,
    )
    among_known = embedding.pairs_among(range(species.num_known), len(species.names))
    tree = embedding.linkage_tree(species.points[: species.num_known], method=settings.linkage)
    with replaced_folder(run.root / "tree") as folder:
        write_centroids(folder, species)
        summary = _describe_known(folder, species, tree, resampled[:, among_known], settings)
        summary |= _describe_unknown(folder, species, resampled, settings)
        if taxonomy:
            summary["comparison"] = write_comparison(
                folder,
                taxonomy,
                species.known,
                tree,
                resampled[:, among_known],
                settings=settings,
            )
        if settings.embedded_images:
            table, summary["embedding"] = plane_table(run, config, species)
            write_table(folder / "embedding.csv", table)
        known_labels = species.labels[species.labels < species.num_known]
        sample = images_per_species(known_labels, species.known, wanted=settings.images_per_species)
        write_json(folder / "tree.json", {**summary, "seed": settings.seed, **sample})


def _describe_known(
    folder: Path,
    species: Species,
    tree: np.ndarray,
    resampled: np.ndarray,
    settings: TreeConfig,
) -> dict[str, Any]:
    """Writes the known species' tree, and its clusters."""
    distances = species.distances[
        embedding.pairs_among(range(species.num_known), len(species.names))
    ]
    support = embedding.bootstrap_support(tree, resampled, method=settings.linkage)
    write_tree(folder, species.known, tree, support)
    table = cluster_table(species.known, tree, distances, settings.clusters)
    write_table(folder / "clusters.csv", table)
    again = [
        embedding.cophenetic_correlation(other, row)
        for other, row in zip(
            embedding.resampled_trees(resampled, method=settings.linkage), resampled, strict=True
        )
    ]
    low, high = embedding.percentile_interval(np.array(again))
    value = embedding.cophenetic_correlation(tree, distances)
    return {
        "linkage": settings.linkage,
        "leaves": [species.known[leaf] for leaf in leaves_list(tree)],
        "cophenetic_correlation": {"value": value, "low": low, "high": high},
        "support": support,
        "bootstrap_rounds": settings.bootstrap_rounds,
        "interval": INTERVAL if settings.bootstrap_rounds else None,
        "clusters": dict(zip(table["species"], table["cluster"].tolist(), strict=True)),
    }


def _describe_unknown(
    folder: Path, species: Species, resampled: np.ndarray, settings: TreeConfig
) -> dict[str, Any]:
    """Writes the tree of all species that have images, and where each unknown one joins alone."""
    present = species.present
    pairs = embedding.pairs_among(present, len(species.names))
    tree = embedding.linkage_tree(species.points[present], method=settings.linkage)
    support = embedding.bootstrap_support(tree, resampled[:, pairs], method=settings.linkage)
    names = [species.names[place] for place in present]
    write_tree(folder, names, tree, support, suffix="_with_unknown")
    table = placement_table(species, resampled, settings.linkage)
    write_table(folder / "placements.csv", table)
    return {"unknown": nearest_known(table)}
