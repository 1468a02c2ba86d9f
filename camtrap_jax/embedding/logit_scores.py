"""Scores of unfamiliarity from an image's logits alone; larger = less familiar in all of them."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp, softmax


def max_probability_score(
    logits: Float[np.ndarray, "images classes"],
) -> Float[np.ndarray, " images"]:
    """1 - the maximum softmax probability, from 0 to 1 - 1/classes.

    Source:
      Hendrycks and Gimpel 2017, "A baseline for detecting misclassified and out-of-distribution
      examples in neural networks".
    """
    return 1 - softmax(np.asarray(logits, np.float64), axis=1).max(axis=1)


def max_logit_score(logits: Float[np.ndarray, "images classes"]) -> Float[np.ndarray, " images"]:
    """Minus the largest logit.

    Unlike the probability it does not fall where two species are equally likely.

    Source:
      Hendrycks et al. 2022, "Scaling out-of-distribution detection for real-world settings".
    """
    return -np.asarray(logits, np.float64).max(axis=1)


def energy_score(logits: Float[np.ndarray, "images classes"]) -> Float[np.ndarray, " images"]:
    """Free energy -ln sum_k exp(logit_k), at temperature 1.

    Source:
      Liu et al. 2020, "Energy-based out-of-distribution detection".
    """
    return -logsumexp(np.asarray(logits, np.float64), axis=1)
