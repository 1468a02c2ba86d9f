"""Whether the network's probabilities mean what they say."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import OptimizeResult, minimize_scalar
from scipy.special import log_softmax, softmax

TEMPERATURES = (0.05, 20.0)


def calibration_gaps(
    probabilities: Float[np.ndarray, "images classes"],
    labels: Int[np.ndarray, " images"],
    *,
    num_bins: int = 15,
) -> Float[np.ndarray, "images bins"]:
    """Each image's confidence less its hit (0 or 1), in the column of its confidence's bin.

    Bins are of equal width and closed above: (0, 1/15], (1/15, 2/15], ... Under weights w of the
    images, the calibration error is `sum_bins |w @ gaps| / sum(w)`.
    """
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == labels
    edges = np.arange(1, num_bins) / num_bins
    is_bin: Bool[np.ndarray, "images bins"] = np.searchsorted(edges, confidence, side="left")[
        :, None
    ] == np.arange(num_bins)
    return is_bin * (confidence - hit)[:, None]


def expected_calibration_error(
    probabilities: Float[np.ndarray, "images classes"],
    labels: Int[np.ndarray, " images"],
    *,
    num_bins: int = 15,
) -> float:
    """Mean absolute difference between confidence and accuracy over bins of confidence.

    Args:
      probabilities: rows that sum to 1; the confidence is their maximum.
      labels: class indices.
      num_bins: equal-width bins over 0..1, weighted by their numbers of images.

    Returns:
      A number from 0 (calibrated) to 1; nan without images.

    Source:
      Guo et al. 2017, "On calibration of modern neural networks", equation 3.
    """
    if len(labels) == 0:
        return float("nan")
    gaps = calibration_gaps(probabilities, labels, num_bins=num_bins)
    return float(np.abs(gaps.sum(axis=0)).sum() / len(labels))


def negative_log_likelihood(
    logits: Float[np.ndarray, "images classes"],
    labels: Int[np.ndarray, " images"],
    *,
    temperature: float = 1.0,
) -> float:
    """Mean of -ln p(label) in nats, logits divided by the temperature; nan without images."""
    if len(labels) == 0:
        return float("nan")
    logs = log_softmax(np.asarray(logits, np.float64) / temperature, axis=1)
    return float(-np.take_along_axis(logs, labels[:, None], axis=1).mean())


def fit_temperature(
    logits: Float[np.ndarray, "images classes"], labels: Int[np.ndarray, " images"]
) -> float:
    """The temperature that makes the labels most likely; fitted on validation images.

    Returns:
      A number between 0.05 and 20, above 1 for an over-confident network; nan without images.
      Where every image is right there is no best temperature, only a low one.

    Source:
      Guo et al. 2017, "On calibration of modern neural networks", section 4.2.
    """
    if len(labels) == 0:
        return float("nan")

    def loss(log_temperature: float) -> float:
        return negative_log_likelihood(logits, labels, temperature=float(np.exp(log_temperature)))

    bounds = tuple(np.log(TEMPERATURES))
    found: OptimizeResult = minimize_scalar(loss, bounds=bounds, method="bounded")
    return float(np.exp(found.x))


def probabilities_of(
    logits: Float[np.ndarray, "images classes"], *, temperature: float = 1.0
) -> Float[np.ndarray, "images classes"]:
    """Softmax of the logits divided by the temperature, in float64."""
    return softmax(np.asarray(logits, np.float64) / temperature, axis=1)


def entropy(probabilities: Float[np.ndarray, "images classes"]) -> Float[np.ndarray, " images"]:
    """Entropy of each row in nats, from 0 (certain) to ln classes (no idea)."""
    logs = np.log(np.where(probabilities > 0, probabilities, 1.0))
    return np.maximum(-(probabilities * logs).sum(axis=1), 0.0)


def margin(probabilities: Float[np.ndarray, "images classes"]) -> Float[np.ndarray, " images"]:
    """Difference between the highest and the second highest probability, from 0 to 1."""
    highest = np.sort(probabilities, axis=1)[:, ::-1]
    return highest[:, 0] - (highest[:, 1] if probabilities.shape[1] > 1 else 0.0)
