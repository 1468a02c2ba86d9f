"""Scores that tell unfamiliar images from familiar ones; larger = less familiar in all of them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import cho_factor, solve_triangular
from scipy.special import logsumexp, softmax

from camtrap_jax.embedding.neighbours import squared_distances

RIDGE = 1e-9  # of the mean variance: keeps a singular covariance invertible


def max_probability_score(logits: Float[np.ndarray, "images classes"]) -> np.ndarray:
    """1 - the maximum softmax probability, from 0 to 1 - 1/classes.

    Source:
      Hendrycks and Gimpel 2017, "A baseline for detecting misclassified and out-of-distribution
      examples in neural networks".
    """
    return 1 - softmax(np.asarray(logits, np.float64), axis=1).max(axis=1)


def energy_score(logits: Float[np.ndarray, "images classes"]) -> np.ndarray:
    """Free energy -ln sum_k exp(logit_k), at temperature 1.

    Source:
      Liu et al. 2020, "Energy-based out-of-distribution detection".
    """
    return -logsumexp(np.asarray(logits, np.float64), axis=1)


def neighbour_score(
    features: Float[np.ndarray, "images dim"],
    training_features: Float[np.ndarray, "training dim"],
    *,
    k: int,
) -> Float[np.ndarray, " images"]:
    """Euclidean distance to the k-th nearest training image; to the farthest if there are fewer.

    Distances are taken in the feature space as it is, as for `unfamiliarity`.

    Source:
      Sun et al. 2022, "Out-of-distribution detection with deep nearest neighbors", which
      normalises the features to unit length first.
    """
    nth = min(k, len(training_features)) - 1
    distances = np.empty(len(features))
    for rows, squares in squared_distances(features, training_features):
        distances[rows] = np.partition(squares, nth, axis=1)[:, nth]
    return np.sqrt(np.maximum(distances, 0))


def mahalanobis_score(
    features: Float[np.ndarray, "images dim"],
    training_features: Float[np.ndarray, "training dim"],
    training_labels: Int[np.ndarray, " training"],
) -> Float[np.ndarray, " images"]:
    """Mahalanobis distance to the nearest class mean, under one covariance for all classes.

    Means and covariance come from the training images alone. The covariance within classes is
    shrunk towards a multiple of the identity (`shrunk_covariance`), so that it is invertible with
    fewer images than features. nan when all training images lie on their class means.

    Source:
      Lee et al. 2018, "A simple unified framework for detecting out-of-distribution samples and
      adversarial attacks", on one layer; the shrinkage is ours.
    """
    training = np.asarray(training_features, np.float64)
    classes, codes = np.unique(training_labels, return_inverse=True)
    means = np.stack([training[codes == code].mean(axis=0) for code in range(len(classes))])
    covariance = shrunk_covariance(training - means[codes])
    mean_variance = np.trace(covariance) / len(covariance)
    if mean_variance == 0:
        return np.full(len(features), np.nan)
    covariance[np.diag_indices_from(covariance)] += RIDGE * mean_variance
    factor = cho_factor(covariance, lower=True)[0]
    centre = means.mean(axis=0)

    def whitened(rows: np.ndarray) -> np.ndarray:
        return solve_triangular(factor, (rows - centre).T, lower=True).T

    rows, anchors = whitened(np.asarray(features, np.float64)), whitened(means)
    squares = np.stack([np.square(rows - anchor).sum(axis=1) for anchor in anchors])
    return np.sqrt(squares.min(axis=0))


def shrunk_covariance(
    centred: Float[np.ndarray, "images dim"],
) -> Float[np.ndarray, "dim dim"]:
    """Covariance shrunk towards its mean variance times the identity.

    The weight of the identity minimises the expected squared error; it goes to 0 as images
    outnumber features.

    Args:
      centred: rows whose mean, or whose class's mean, has been taken off.

    Source:
      Ledoit and Wolf 2004, "A well-conditioned estimator for large-dimensional covariance
      matrices".
    """
    num_images, dim = centred.shape
    covariance = centred.T @ centred / num_images
    mean_variance = np.trace(covariance) / dim
    spread = np.square(covariance).sum()
    noise = (np.square(np.square(centred).sum(axis=1)).sum() / num_images - spread) / num_images
    distance = spread - dim * mean_variance**2
    weight = min(max(noise / distance, 0.0), 1.0) if distance > 0 else 0.0
    return (1 - weight) * covariance + weight * mean_variance * np.eye(dim)
