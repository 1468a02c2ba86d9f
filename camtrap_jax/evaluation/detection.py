"""How well a score tells images of unknown species from those of known ones."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

DETECTION_METRICS = ("auroc", "fpr95", "fpr95_out", "aupr_in", "aupr_out")
RECALL = 0.95


def detection_metrics(
    known: Float[np.ndarray, " known"], unknown: Float[np.ndarray, " unknown"]
) -> dict[str, float]:
    """Measures a score of which larger means less familiar.

    Args:
      known: scores of images of known species (in-distribution).
      unknown: scores of images of unknown species.

    Returns:
      `auroc`: probability that an unknown image scores above a known one, ties counting half;
      `fpr95`: share of unknown images taken for known where at least 95 % of the known ones are;
      `fpr95_out`: share of known images taken for unknown where at least 95 % of the unknown ones
      are; `aupr_in`, `aupr_out`: area under the precision-recall curve (trapezoids) with the known
      and with the unknown images as the positives. All from 0 to 1; nan where either side is empty
      or a score is not finite.

    Source:
      Yang et al. 2022, "OpenOOD: benchmarking generalized out-of-distribution detection". Its
      first version has the known images as the positives of FPR@95, as most papers have (here
      `fpr95`); version 1.5 (Zhang et al. 2023) has the unknown ones (here `fpr95_out`).
    """
    if len(known) == 0 or len(unknown) == 0 or not are_finite(known, unknown):
        return dict.fromkeys(DETECTION_METRICS, float("nan"))
    sides = (weighted_scores(one, np.ones((1, len(one)))) for one in (known, unknown))
    return {name: float(value[0]) for name, value in weighted_detection_metrics(*sides).items()}


def are_finite(*scores: np.ndarray) -> bool:
    """Tells whether every score is a number that can be compared with the others."""
    return all(np.isfinite(one).all() for one in scores)


@dataclass(frozen=True)
class WeightedScores:
    """Scores of some images, each of which counts as often as it was drawn.

    Attributes:
      values: the different scores, rising.
      weights: of the images at each score, one row a round of draws.
      below: of the images under each score, and in a last column of all.
    """

    values: Float[np.ndarray, " distinct"]
    weights: Float[np.ndarray, "rounds distinct"]
    below: Float[np.ndarray, "rounds distinct_and_one"]

    @property
    def total(self) -> Float[np.ndarray, " rounds"]:
        """Weight of all images."""
        return self.below[:, -1]

    @cached_property
    def mirrored(self) -> WeightedScores:
        """The same images with the signs of their scores turned."""
        weights = self.weights[:, ::-1]
        return WeightedScores(-self.values[::-1], weights, _below(weights))


def weighted_scores(
    scores: Float[np.ndarray, " images"], weights: Float[np.ndarray, "rounds images"]
) -> WeightedScores:
    """Sorts images by their scores, which are finite, and joins equal ones."""
    order = np.argsort(scores, kind="stable")
    values, starts = np.unique(scores[order], return_index=True)
    ordered = weights[:, order]
    if len(values) < len(scores):
        ordered = np.add.reduceat(ordered, starts, axis=1)
    return WeightedScores(values, ordered, _below(ordered))


def weighted_detection_metrics(
    known: WeightedScores, unknown: WeightedScores
) -> dict[str, Float[np.ndarray, " rounds"]]:
    """Measures as `detection_metrics` does, in many rounds of draws at once.

    Args:
      known: with a positive weight in each round.
      unknown: likewise.

    Returns:
      The names of `DETECTION_METRICS`, with one number a round.
    """
    return {
        "auroc": _pairs_in_order(known, unknown),
        "fpr95": _false_positive_rate(known, unknown),
        "fpr95_out": _false_positive_rate(unknown.mirrored, known.mirrored),
        "aupr_in": _precision_area(known, unknown),
        "aupr_out": _precision_area(unknown.mirrored, known.mirrored),
    }


def _pairs_in_order(low: WeightedScores, high: WeightedScores) -> Float[np.ndarray, " rounds"]:
    """Share of pairs in which `high` has the higher score; ties count half."""
    under = low.below[:, np.searchsorted(low.values, high.values, "left")]
    up_to = low.below[:, np.searchsorted(low.values, high.values, "right")]
    pairs = np.einsum("ij,ij->i", high.weights, under + up_to) / 2
    return pairs / (low.total * high.total)


# Below, an image is taken for a positive one where its score is at most the threshold.


def _false_positive_rate(
    positive: WeightedScores, negative: WeightedScores
) -> Float[np.ndarray, " rounds"]:
    """Share of negatives up to the lowest threshold that takes in 95 % of the positives."""
    # A quotient, since 0.95 times the total may be rounded above a whole number.
    recall = positive.below[:, 1:] / positive.total[:, None]
    thresholds = positive.values[np.argmax(recall >= RECALL, axis=1)]
    places = np.searchsorted(negative.values, thresholds, "right")
    return negative.below[np.arange(len(places)), places] / negative.total


def _precision_area(
    positive: WeightedScores, negative: WeightedScores
) -> Float[np.ndarray, " rounds"]:
    """Area under precision over recall; with nothing taken in, precision is 1.

    Recall changes at scores of positives alone, so the curve is followed from just before each of
    them to just after it.
    """
    before = np.searchsorted(negative.values, positive.values, "left")
    after = np.searchsorted(negative.values, positive.values, "right")
    height = _precision(positive.below[:, :-1], negative.below[:, before])
    height += _precision(positive.below[:, 1:], negative.below[:, after])
    return np.einsum("ij,ij->i", positive.weights, height) / 2 / positive.total


def _precision(
    hits: Float[np.ndarray, "rounds places"], misses: Float[np.ndarray, "rounds places"]
) -> Float[np.ndarray, "rounds places"]:
    taken = hits + misses
    return np.divide(hits, taken, out=np.ones_like(taken), where=taken > 0)


def _below(
    weights: Float[np.ndarray, "rounds distinct"],
) -> Float[np.ndarray, "rounds distinct_and_one"]:
    sums = np.zeros((weights.shape[0], weights.shape[1] + 1))
    np.cumsum(weights, axis=1, out=sums[:, 1:])
    return sums
