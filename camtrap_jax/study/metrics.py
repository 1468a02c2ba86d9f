"""The numbers of metrics.json."""

from __future__ import annotations

from typing import Any

import numpy as np

from camtrap_jax import evaluation
from camtrap_jax.config import Config

TOP_K = 5


def test_metrics(
    logits: np.ndarray, labels: np.ndarray, temperature: float, config: Config
) -> dict[str, Any]:
    """Every number of metrics.json that comes from the test images."""
    in_top = evaluation.in_top_k(logits, labels, k=TOP_K)
    one_stratum = np.zeros_like(labels)
    return {
        "images": len(labels),
        "species": len(np.unique(labels)),
        **accuracy_metrics(logits, labels, config),
        "top5_accuracy": _interval(
            evaluation.top_k_accuracy(logits, labels, k=TOP_K),
            lambda weights: weights @ in_top / len(labels),
            one_stratum,
            config,
        ),
        **_calibration_metrics(logits, labels, temperature, config),
        "bootstrap_rounds": config.evaluate.bootstrap_rounds,
        "seed": config.evaluate.seed,
        "interval": "95 % percentile bootstrap over test images; within species for "
        "mean_species_accuracy, where a species with a single image adds no spread; resampling "
        "raises ece, so its intervals are widened to the value",
    }


def accuracy_metrics(logits: np.ndarray, labels: np.ndarray, config: Config) -> dict[str, Any]:
    """Overall and mean species accuracy with their intervals."""
    hits = logits.argmax(axis=1) == labels
    return {
        "overall_accuracy": _interval(
            evaluation.accuracy(logits.argmax(axis=1), labels),
            lambda weights: weights @ hits / len(labels),
            np.zeros_like(labels),
            config,
        ),
        "mean_species_accuracy": _interval(
            evaluation.mean_species_accuracy(
                logits.argmax(axis=1), labels, num_classes=logits.shape[1]
            ),
            lambda weights: _species_means(weights, hits, labels),
            labels,
            config,
        ),
    }


def _calibration_metrics(
    logits: np.ndarray, labels: np.ndarray, temperature: float, config: Config
) -> dict[str, Any]:
    """Calibration with the network's own probabilities and with the fitted temperature."""
    return {
        "ece": _calibration_error(logits, labels, 1.0, config),
        "ece_calibrated": _calibration_error(logits, labels, temperature, config),
        "nll": evaluation.negative_log_likelihood(logits, labels),
        "nll_calibrated": evaluation.negative_log_likelihood(
            logits, labels, temperature=temperature
        ),
        "temperature": temperature,
    }


def _interval(
    value: float, statistic: evaluation.Statistic, strata: np.ndarray, config: Config
) -> dict[str, float]:
    settings = config.evaluate
    low, high = evaluation.bootstrap_interval(
        statistic, strata, rounds=settings.bootstrap_rounds, seed=settings.seed
    )
    return {"value": value, "low": low, "high": high}


def _species_means(weights: np.ndarray, hits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Mean species accuracy of resamples that keep each species' number of images."""
    present, codes, images = np.unique(labels, return_inverse=True, return_counts=True)
    hits_of = hits[:, None] & (codes[:, None] == np.arange(len(present)))
    return (weights @ hits_of / images).mean(axis=1)


def _calibration_error(
    logits: np.ndarray, labels: np.ndarray, temperature: float, config: Config
) -> dict[str, float]:
    """Undefined where the temperature is: without validation images."""
    if not np.isfinite(temperature):
        return dict.fromkeys(("value", "low", "high"), float("nan"))
    probabilities = evaluation.probabilities_of(logits, temperature=temperature)
    gaps = evaluation.calibration_gaps(probabilities, labels)
    found = _interval(
        evaluation.expected_calibration_error(probabilities, labels),
        lambda weights: np.abs(weights @ gaps).sum(axis=1) / len(labels),
        np.zeros_like(labels),
        config,
    )
    low, high = min(found["low"], found["value"]), max(found["high"], found["value"])
    return {"value": found["value"], "low": low, "high": high}
