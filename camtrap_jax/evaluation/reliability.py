"""Whether the network's probabilities mean what they say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

NUM_BINS = 15


@dataclass(frozen=True)
class Reliability:
    """What was stated and what came true, by bins of confidence; nan where a bin is empty."""

    edges: Float[np.ndarray, " edges"]  # one more than there are bins, from 0 to 1
    images: Int[np.ndarray, " bins"]
    confidence: Float[np.ndarray, " bins"]  # mean over the bin's images
    correct: Int[np.ndarray, " bins"]


def reliability(
    probabilities: Float[np.ndarray, "images classes"],
    labels: Int[np.ndarray, " images"],
    *,
    num_bins: int = NUM_BINS,
) -> Reliability:
    """Counts images and hits by confidence, the highest probability of each image.

    Bins are of equal width and closed above: (0, 1/15], (1/15, 2/15], ...

    Source:
      DeGroot and Fienberg 1983, "The comparison and evaluation of forecasters".
    """
    confidence, hit = _confidence_and_hit(probabilities, labels)
    is_bin = _is_bin(confidence, num_bins)
    images = is_bin.sum(axis=0)
    mean = confidence @ is_bin / np.where(images > 0, images, np.nan)
    return Reliability(np.linspace(0, 1, num_bins + 1), images, mean, hit.astype(int) @ is_bin)


def calibration_gaps(
    probabilities: Float[np.ndarray, "images classes"],
    labels: Int[np.ndarray, " images"],
    *,
    num_bins: int = NUM_BINS,
) -> Float[np.ndarray, "images bins"]:
    """Each image's confidence less its hit (0 or 1), in the column of its confidence's bin.

    Bins are those of `reliability`. Under weights w of the images, the calibration error is
    `sum_bins |w @ gaps| / sum(w)`.
    """
    confidence, hit = _confidence_and_hit(probabilities, labels)
    return _is_bin(confidence, num_bins) * (confidence - hit)[:, None]


def expected_calibration_error(
    probabilities: Float[np.ndarray, "images classes"],
    labels: Int[np.ndarray, " images"],
    *,
    num_bins: int = NUM_BINS,
) -> float:
    """Mean absolute difference between confidence and accuracy over bins of confidence.

    Args:
      probabilities: rows that sum to 1; the confidence is their maximum.
      labels: class indices.
      num_bins: equal-width bins over 0..1, weighted by their numbers of images.

    Returns:
      A number from 0 (calibrated) to 1; nan without images. Chance alone lifts it above 0: see
      `errors_of_chance`.

    Source:
      Guo et al. 2017, "On calibration of modern neural networks", equation 3.
    """
    if len(labels) == 0:
        return float("nan")
    gaps = calibration_gaps(probabilities, labels, num_bins=num_bins)
    return float(np.abs(gaps.sum(axis=0)).sum() / len(labels))


def errors_of_chance(
    probabilities: Float[np.ndarray, "images classes"],
    *,
    num_bins: int = NUM_BINS,
    rounds: int = 1000,
    seed: int = 0,
) -> Float[np.ndarray, " rounds"]:
    """Calibration errors that a calibrated network would show on as many images, by chance.

    Each round draws anew which images are right, each with the probability that is stated for it.

    Source:
      Broecker and Smith 2007, "Increasing the reliability of reliability diagrams", whose
      consistency resampling this is.
    """
    confidence = probabilities.max(axis=1)
    is_bin = _is_bin(confidence, num_bins).astype(np.float64)
    rng = np.random.default_rng(seed)
    drawn = [(rng.random(len(confidence)) < confidence) @ is_bin for _ in range(rounds)]
    gaps = np.array(drawn).reshape(rounds, num_bins) - confidence @ is_bin
    return np.abs(gaps).sum(axis=1) / (len(confidence) or np.nan)


def _confidence_and_hit(
    probabilities: Float[np.ndarray, "images classes"], labels: Int[np.ndarray, " images"]
) -> tuple[Float[np.ndarray, " images"], Bool[np.ndarray, " images"]]:
    return probabilities.max(axis=1), probabilities.argmax(axis=1) == labels


def _is_bin(
    confidence: Float[np.ndarray, " images"], num_bins: int
) -> Bool[np.ndarray, "images bins"]:
    edges = np.arange(1, num_bins) / num_bins
    return np.searchsorted(edges, confidence, side="left")[:, None] == np.arange(num_bins)
