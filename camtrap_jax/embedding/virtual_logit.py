"""ViM: an extra logit for what of an image the training images' features do not span."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.linalg import eigh

from camtrap_jax.embedding.logit_scores import energy_score

CHUNK = 1024  # images that are projected at once
ROUNDING = 1e-12  # residual, as a part of the length, that rounding alone may leave
# Features of a network, and the dimensions that its principal subspace then has.
PUBLISHED_DIMS = ((2048, 1000), (768, 512))


def virtual_logit_score(
    features: Float[np.ndarray, "images dim"],
    logits: Float[np.ndarray, "images classes"],
    training_features: Float[np.ndarray, "training dim"],
    training_logits: Float[np.ndarray, "training classes"],
    *,
    weight: Float[np.ndarray, "classes dim"],
    bias: Float[np.ndarray, " classes"],
    principal_dim: int,
) -> Float[np.ndarray, " images"]:
    """Energy of the logits, plus the length of the residual in units of a logit.

    Features are taken from the origin `o` at which the last layer answers 0: of all solutions of
    `weight @ o = -bias` the one nearest to 0. The residual of an image is what lies outside the
    subspace of the `principal_dim` directions in which the training images reach farthest from
    `o`. A factor makes it as long on average, over the training images, as their largest logit:
    `score = factor * ||residual|| - ln sum_k exp(logit_k)`.

    Args:
      features: the last layer's input, one row per image.
      logits: of the same images.
      training_features: of the training images, to which alone subspace and factor are fitted.
      training_logits: of the same.
      weight: of the last layer, in torch's layout.
      bias: of the last layer.
      principal_dim: directions of the subspace, from 1 to dim - 1; see `choose_principal_dim`.

    Returns:
      Larger = less familiar; nan where no residual is left of the training images.

    Source:
      Wang et al. 2022, "ViM: out-of-distribution with virtual-logit matching".
    """
    linear = np.asarray(weight, np.float64), -np.asarray(bias, np.float64)
    origin = np.linalg.lstsq(*linear, rcond=None)[0]
    directions = _principal_directions(training_features, origin, principal_dim)
    residuals, lengths = _residuals(training_features, origin, directions)
    if residuals.mean() <= ROUNDING * lengths.mean():
        return np.full(len(features), np.nan)
    factor = np.asarray(training_logits, np.float64).max(axis=1).mean() / residuals.mean()
    return factor * _residuals(features, origin, directions)[0] + energy_score(logits)


def choose_principal_dim(training_features: Float[np.ndarray, "training dim"]) -> int:
    """Says how many directions ViM's principal subspace is given.

    1000 of at least 2048 features and 512 of at least 768, as the authors have it; half of fewer.
    At most half of the features that are not constant, and half of the training images: else
    nothing would be left outside the subspace. These limits are ours.
    """
    num_training, dim = training_features.shape
    varying = int((np.ptp(training_features, axis=0) > 0).sum())
    published = next((count for least, count in PUBLISHED_DIMS if dim >= least), dim // 2)
    return max(1, min(published, varying // 2, num_training // 2))


def _principal_directions(
    features: Float[np.ndarray, "images dim"], origin: Float[np.ndarray, " dim"], count: int
) -> Float[np.ndarray, "dim count"]:
    shifted = np.asarray(features, np.float64) - origin
    moments = shifted.T @ shifted
    del shifted
    dim = len(moments)
    return eigh(moments, subset_by_index=(dim - count, dim - 1), overwrite_a=True)[1]


def _residuals(
    features: Float[np.ndarray, "images dim"],
    origin: Float[np.ndarray, " dim"],
    directions: Float[np.ndarray, "dim count"],
) -> tuple[Float[np.ndarray, " images"], Float[np.ndarray, " images"]]:
    """Lengths outside the subspace, and whole lengths, of features as seen from the origin."""
    residuals, lengths = np.empty(len(features)), np.empty(len(features))
    for start in range(0, len(features), CHUNK):
        rows = slice(start, start + CHUNK)
        part = np.asarray(features[rows], np.float64) - origin
        lengths[rows] = np.linalg.norm(part, axis=1)
        # From the difference of vectors: that of squared lengths loses small residuals.
        residuals[rows] = np.linalg.norm(part - (part @ directions) @ directions.T, axis=1)
    return residuals, lengths
