"""How far to believe a tree: what other images of the same species would have made of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform

from camtrap_jax.embedding.tree import clades

CHUNK = 32  # resamples whose centroids are held at once


def resampled_distances(
    features: Float[np.ndarray, "images dim"],
    labels: Int[np.ndarray, " images"],
    *,
    num_species: int,
    rounds: int,
    seed: int = 0,
) -> Float[np.ndarray, "rounds pairs"]:
    """Distances between species' centroids when images are drawn again, with replacement.

    Each round draws as many images of each species as it has. Species draw independently, so one
    species' images do not change another's draws.

    Args:
      features: the images behind the centroids.
      labels: the species of each image, 0..num_species - 1.
      num_species: how many there are.
      rounds: number of resamples.
      seed: of the draws.

    Returns:
      One row a resample, in SciPy's condensed form; nan for the pairs of a species without images.

    Source:
      Felsenstein 1985, "Confidence limits on phylogenies: an approach using the bootstrap".
    """
    parts = [np.asarray(features)[labels == species] for species in range(num_species)]
    draws = [_weights(len(part), rounds, [seed, number]) for number, part in enumerate(parts)]
    distances = np.empty((rounds, num_species * (num_species - 1) // 2))
    for start in range(0, rounds, CHUNK):
        chunk = slice(start, start + CHUNK)
        means = np.stack(
            [
                draw[chunk].astype(part.dtype) @ part / (len(part) or np.nan)
                for draw, part in zip(draws, parts, strict=True)
            ],
            axis=1,
        )
        distances[chunk] = [pdist(centroids) for centroids in means.astype(np.float64)]
    return distances


def _weights(num_images: int, rounds: int, seed: list[int]) -> Int[np.ndarray, "rounds images"]:
    """Returns how often each image is drawn."""
    if num_images == 0:
        return np.zeros((rounds, 0), np.int64)
    shares = np.full(num_images, 1 / num_images)
    return np.random.default_rng(seed).multinomial(num_images, shares, size=rounds)


def pairs_among(
    chosen: Sequence[int] | Int[np.ndarray, " chosen"], num_species: int
) -> Int[np.ndarray, " pairs"]:
    """Places of the pairs among some species in the condensed form of all species' distances."""
    places = squareform(np.arange(num_species * (num_species - 1) // 2))
    rows = np.asarray(chosen)
    return squareform(places[np.ix_(rows, rows)], checks=False)


def resampled_trees(
    distances: Float[np.ndarray, "rounds pairs"], *, method: str
) -> Iterator[Float[np.ndarray, "merges 4"]]:
    """Yields the tree of each resample; its leaves are in no particular order."""
    for row in distances:
        yield hierarchy.linkage(row, method)


def bootstrap_support(
    tree: Float[np.ndarray, "merges 4"],
    distances: Float[np.ndarray, "rounds pairs"],
    *,
    method: str = "average",
) -> Float[np.ndarray, " merges"]:
    """Share of resampled trees in which the species below each merge are again a group.

    Args:
      tree: `linkage_tree` of the centroids.
      distances: `resampled_distances` between the same species.
      method: as the tree was made.

    Returns:
      Shares from 0 to 1; the last merge holds every species and has 1. nan without resamples.
    """
    if len(distances) == 0:
        return np.full(len(tree), np.nan)
    found = clades(tree)
    counts = np.zeros(len(tree))
    for again in resampled_trees(distances, method=method):
        groups = set(clades(again))
        counts += [clade in groups for clade in found]
    return counts / len(distances)


def percentile_interval(
    values: Float[np.ndarray, " rounds"], *, level: float = 0.95
) -> tuple[float, float]:
    """Bounds that hold the middle `level` of resampled values; nan where one is undefined."""
    if len(values) == 0:
        return float("nan"), float("nan")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)
