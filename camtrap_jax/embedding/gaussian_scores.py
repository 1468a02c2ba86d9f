"""Distances from the training images under Gaussian models; larger = less familiar."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.linalg import cho_factor, solve_triangular

CHUNK = 1024  # images that are whitened at once
RIDGE = 1e-9  # of the mean variance: keeps a singular covariance invertible
ROUNDING = 1e-24  # variance, as a part of the mean square, that rounding alone may leave


def mahalanobis_scores(
    features: Float[np.ndarray, "images dim"],
    training_features: Float[np.ndarray, "training dim"],
    training_labels: Int[np.ndarray, " training"],
) -> tuple[Float[np.ndarray, " images"], Float[np.ndarray, " images"]]:
    """Mahalanobis distance to the nearest class, and the same relative to all classes together.

    The first is `min_k d_k(x)` with one covariance within classes. The second is
    `min_k d_k(x)^2 - d_0(x)^2`, where `d_0` is the distance to the mean of all training images
    under their covariance around it: what makes an image unusual for every class alike cancels.
    It may be negative.

    Means and covariances come from the training images alone. Covariances are shrunk towards a
    multiple of the identity (`shrunk_covariance`), so that they are invertible with fewer images
    than features. Both are nan when all training images lie on their class means.

    Source:
      Lee et al. 2018, "A simple unified framework for detecting out-of-distribution samples and
      adversarial attacks", on one layer; Ren et al. 2021, "A simple fix to Mahalanobis distance
      for improving near-OOD detection". The shrinkage is ours.
    """
    of_class = _nearest_mean_squares(features, training_features, training_labels)
    background = _nearest_mean_squares(
        features, training_features, np.zeros(len(training_features), np.int64)
    )
    return np.sqrt(of_class), of_class - background


def _nearest_mean_squares(
    features: Float[np.ndarray, "images dim"],
    training_features: Float[np.ndarray, "training dim"],
    training_labels: Int[np.ndarray, " training"],
) -> Float[np.ndarray, " images"]:
    """Squared Mahalanobis distance to the nearest class mean, under one covariance."""
    centred = np.array(training_features, np.float64)  # a copy: centred in place, it is large
    mean_square = np.vdot(centred, centred) / centred.size
    classes, codes = np.unique(training_labels, return_inverse=True)
    means = np.empty((len(classes), centred.shape[1]))
    for code in range(len(classes)):
        own = codes == code
        means[code] = centred[own].mean(axis=0)
        centred[own] -= means[code]
    covariance = shrunk_covariance(centred)
    del centred
    mean_variance = np.trace(covariance) / len(covariance)
    if mean_variance <= ROUNDING * mean_square:
        return np.full(len(features), np.nan)
    covariance[np.diag_indices_from(covariance)] += RIDGE * mean_variance
    factor = cho_factor(covariance, lower=True, overwrite_a=True)[0]
    centre = means.mean(axis=0)
    anchors = _whitened(means - centre, factor)
    squares = np.empty(len(features))
    for start in range(0, len(features), CHUNK):
        rows = slice(start, start + CHUNK)
        part = _whitened(np.asarray(features[rows], np.float64) - centre, factor)
        to_each = [np.square(part - anchor).sum(axis=1) for anchor in anchors]
        squares[rows] = np.min(to_each, axis=0)
    return squares


def _whitened(
    rows: Float[np.ndarray, "rows dim"], factor: Float[np.ndarray, "dim dim"]
) -> Float[np.ndarray, "rows dim"]:
    return solve_triangular(factor, rows.T, lower=True).T


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
    covariance = centred.T @ centred
    covariance /= num_images
    mean_variance = np.trace(covariance) / dim
    spread = np.vdot(covariance, covariance)
    fourth = np.square(np.einsum("ij,ij->i", centred, centred)).sum()
    noise = (fourth / num_images - spread) / num_images
    distance = spread - dim * mean_variance**2
    weight = min(max(noise / distance, 0.0), 1.0) if distance > 0 else 0.0
    covariance *= 1 - weight
    covariance[np.diag_indices(dim)] += weight * mean_variance
    return covariance
