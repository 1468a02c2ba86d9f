"""Probabilities from logits: how likely, how sure, and at which temperature."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import OptimizeResult, minimize_scalar
from scipy.special import log_softmax, softmax

TEMPERATURES = (0.05, 20.0)


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
      A number between 0.05 and 20, above 1 for an over-confident network; nan without images, and
      where every image is right: then there is no best temperature, the lower the likelier.

    Source:
      Guo et al. 2017, "On calibration of modern neural networks", section 4.2.
    """
    if np.array_equal(logits.argmax(axis=1), labels):
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
