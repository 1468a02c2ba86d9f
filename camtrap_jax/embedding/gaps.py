"""How far species lie from one another, freed of the noise in their centroids."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist


@dataclass(frozen=True)
class Moments:
    """Centroids of some species, and how uncertain each is.

    Attributes:
      means: one per species; nan without images.
      errors: expected squared distance of a mean from the one of endlessly many images; nan with
        fewer than two.
    """

    means: Float[np.ndarray, "species dim"]
    errors: Float[np.ndarray, " species"]


def species_moments(
    features: Float[np.ndarray, "images dim"],
    labels: Int[np.ndarray, " images"],
    *,
    num_species: int,
) -> Moments:
    """Measures species by their images, as if these were independent.

    Args:
      features: one vector per image.
      labels: species of each image.
      num_species: length of the result.
    """
    means = np.full((num_species, features.shape[1]), np.nan)
    errors = np.full(num_species, np.nan)
    for label in range(num_species):
        own = np.flatnonzero(labels == label)
        if len(own):
            means[label] = features[own].mean(axis=0, dtype=np.float64)
        if len(own) > 1:
            # One row at a time: a species may have more images than memory has room for twice.
            squares = sum(float(np.square(features[row] - means[label]).sum()) for row in own)
            errors[label] = squares / (len(own) - 1) / len(own)
    return Moments(means, errors)


def nearest_gaps(
    points: Moments, known: Moments
) -> tuple[Float[np.ndarray, " points"], Int[np.ndarray, " points"]]:
    """Distance of each centroid to the nearest known one.

    Two centroids of few images lie apart by chance alone: their squared distance is too large by
    the sum of their errors, which is taken off. What is left may be less than nothing, and is 0.

    Returns:
      Distances, and which known species is nearest; nan and -1 where that is undefined.
    """
    noise = points.errors[:, None] + known.errors
    squares = cdist(points.means, known.means, "sqeuclidean") - noise
    is_defined = ~np.isnan(squares).all(axis=1)
    squares = np.where(np.isnan(squares), np.inf, squares)
    gaps = np.sqrt(np.maximum(squares.min(axis=1), 0))
    return np.where(is_defined, gaps, np.nan), np.where(is_defined, squares.argmin(axis=1), -1)
