"""Stage `tree`: species clustered by their centroids in feature space."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import leaves_list

from camtrap_jax import embedding
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder, write_json, write_table
from camtrap_jax.study.sample import (
    centroid_sample,
    finite_array,
    images_per_species,
    rows_of,
    sampled_rows,
)

NUM_CLUSTERS = 3  # as many as the paper colours in its dendrogram


@dataclass(frozen=True)
class Centroids:
    """Known species first, in class order, then the unknown ones; nan where there is no image."""

    points: np.ndarray  # [species, dim]
    images: np.ndarray  # [species]
    num_known: int


def build_tree(run: RunFolder, config: Config) -> None:
    """Writes RUN/tree: centroids, linkage, Newick files and tree.json.

    Raises:
      ValueError: features are not finite, a known species has no training image, or there are
        fewer than two known species.
    """
    settings = config.tree
    known, unknown = run.dataset.classes, run.dataset.unknown
    features = finite_array(run, "features")
    rows, labels = centroid_sample(run, config)
    centroids = _centroids(run, config, features, rows, labels)
    known_points = centroids.points[: len(known)]
    tree = embedding.linkage_tree(known_points, method=settings.linkage)
    support = embedding.bootstrap_support(
        features[rows],
        labels,
        tree,
        method=settings.linkage,
        rounds=settings.bootstrap_rounds,
        seed=settings.seed,
    )
    with replaced_folder(run.root / "tree") as folder:
        _write_centroids(folder, [*known, *unknown], centroids)
        _write_linkage(folder, tree, support)
        (folder / "tree.nwk").write_text(
            embedding.newick(tree, known, support=support) + "\n", encoding="utf-8"
        )
        _write_tree_with_unknown(folder, [*known, *unknown], centroids, settings.linkage)
        summary = {
            "linkage": settings.linkage,
            "leaves": [known[leaf] for leaf in leaves_list(tree)],
            "cophenetic_correlation": embedding.cophenetic_correlation(tree, known_points),
            "support": support,
            "bootstrap_rounds": settings.bootstrap_rounds,
            "clusters": dict(
                zip(known, embedding.clusters(tree, NUM_CLUSTERS).tolist(), strict=True)
            ),
            "unknown": _nearest_known(known, unknown, centroids),
            "seed": settings.seed,
            **images_per_species(labels, known, wanted=settings.images_per_species),
        }
        write_json(folder / "tree.json", summary)


def _centroids(
    run: RunFolder, config: Config, features: np.ndarray, rows: np.ndarray, labels: np.ndarray
) -> Centroids:
    """Adds to the known sample up to as many images of each unknown species."""
    known, unknown = run.dataset.classes, run.dataset.unknown
    parts, codes = [rows], [labels]
    for code, species in enumerate(unknown, start=len(known)):
        available = rows_of(run.index, species, "unknown")
        seed = [config.tree.seed, code]
        parts.append(sampled_rows(available, config.tree.images_per_species, seed))
        codes.append(np.full(len(parts[-1]), code))
    everything, code_of = np.concatenate(parts), np.concatenate(codes)
    num_species = len(known) + len(unknown)
    points = embedding.class_centroids(
        jnp.asarray(features[everything]), jnp.asarray(code_of), num_classes=num_species
    )
    images = np.bincount(code_of, minlength=num_species)
    return Centroids(np.asarray(points), images, len(known))


def _write_centroids(folder: Path, names: list[str], centroids: Centroids) -> None:
    roles = ["known"] * centroids.num_known + ["unknown"] * (len(names) - centroids.num_known)
    table = pd.DataFrame({"species": names, "role": roles, "images": centroids.images})
    columns = [f"f{number}" for number in range(centroids.points.shape[1])]
    points = pd.DataFrame(centroids.points, columns=columns)
    write_table(folder / "centroids.csv", pd.concat([table, points], axis=1))


def _write_linkage(folder: Path, tree: np.ndarray, support: np.ndarray) -> None:
    """Nodes below the number of species are rows of centroids.csv, above it earlier merges."""
    table = {
        "node": np.arange(len(tree)) + len(tree) + 1,
        "left": tree[:, 0].astype(np.int64),
        "right": tree[:, 1].astype(np.int64),
        "distance": tree[:, 2],
        "leaves": tree[:, 3].astype(np.int64),
        "support": support,
    }
    write_table(folder / "linkage.csv", pd.DataFrame(table))


def _write_tree_with_unknown(
    folder: Path, names: list[str], centroids: Centroids, method: str
) -> None:
    """Clusters anew with the unknown species as further leaves, save those without images."""
    present = np.flatnonzero(centroids.images)
    tree = embedding.linkage_tree(centroids.points[present], method=method)
    text = embedding.newick(tree, [names[position] for position in present])
    (folder / "tree_with_unknown.nwk").write_text(text + "\n", encoding="utf-8")


def _nearest_known(
    known: list[str], unknown: list[str], centroids: Centroids
) -> dict[str, dict[str, object]]:
    """The closest known centroid of each unknown species, in Euclidean distance."""
    if not unknown:
        return {}
    distances, nearest = embedding.unfamiliarity(
        jnp.asarray(centroids.points[len(known) :]),
        jnp.asarray(centroids.points[: len(known)]),
        scale=1.0,
    )
    return {
        species: {
            "nearest": known[int(nearest[row])] if centroids.images[len(known) + row] else None,
            "distance": float(distances[row]),
            "images": int(centroids.images[len(known) + row]),
        }
        for row, species in enumerate(unknown)
    }
