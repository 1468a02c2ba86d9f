"""The numbers of metrics.json."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from camtrap_jax import evaluation
from camtrap_jax.config import Config
from camtrap_jax.study.light import LIGHTS

TOP_K = 5
INTERVAL = (
    "95 % percentile bootstrap over test images, or over sequences; within species for "
    "mean_species_accuracy, where a species with a single image adds no spread. For ece, which "
    "resampling raises, the reflected bootstrap, down to 0 where chance alone gives as much"
)


def test_metrics(
    logits: Float[np.ndarray, "images classes"],
    labels: Int[np.ndarray, " images"],
    light: np.ndarray,
    config: Config,
) -> dict[str, Any]:
    """Accuracies of the test images, all together and by light ("day", "night", "unknown")."""
    in_top = evaluation.in_top_k(logits, labels, k=TOP_K)
    return {
        "images": len(labels),
        "species": len(np.unique(labels)),
        **accuracy_metrics(logits, labels, config),
        "top5_accuracy": _interval(
            evaluation.top_k_accuracy(logits, labels, k=TOP_K),
            lambda weights: weights @ in_top / len(labels),
            np.zeros_like(labels),
            config,
        ),
        "light": {
            name: {
                "images": int(np.sum(light == name)),
                "species": len(np.unique(labels[light == name])),
                **accuracy_metrics(logits[light == name], labels[light == name], config),
            }
            for name in LIGHTS
        },
    }


def accuracy_metrics(
    logits: Float[np.ndarray, "images classes"], labels: Int[np.ndarray, " images"], config: Config
) -> dict[str, Any]:
    """Overall and mean species accuracy of images with their intervals."""
    shown = labels[:, None] == np.arange(logits.shape[1])
    return species_metrics(shown, logits.argmax(axis=1), config)


def species_metrics(
    shown: Bool[np.ndarray, "cases species"], predictions: Int[np.ndarray, " cases"], config: Config
) -> dict[str, Any]:
    """Overall and mean species accuracy of cases, each of which shows one species or several.

    A case counts once for each species that it shows; at most one of those is named correctly.
    The overall accuracy is resampled over cases, the mean over species within them.
    """
    hits = shown & (predictions[:, None] == np.arange(shown.shape[1]))
    per_case, hits_per_case = shown.sum(axis=1), hits.sum(axis=1)
    present = shown.any(axis=0)
    of_present, hits_of_present = shown[:, present], hits[:, present]
    # Negated, so that the strata of single species are in class order.
    strata = np.unique(~shown, axis=0, return_inverse=True)[1].reshape(-1)

    def overall(weights: np.ndarray) -> np.ndarray:
        return (weights @ hits_per_case) / (weights @ per_case)

    def mean_of_species(weights: np.ndarray) -> np.ndarray:
        return ((weights @ hits_of_present) / (weights @ of_present)).mean(axis=1)

    once = np.ones((1, len(shown)))
    values = [float(of(once)[0]) if len(shown) else np.nan for of in (overall, mean_of_species)]
    return {
        "overall_accuracy": _interval(values[0], overall, np.zeros(len(shown), int), config),
        "mean_species_accuracy": _interval(values[1], mean_of_species, strata, config),
    }


def calibration_metrics(
    logits: Float[np.ndarray, "images classes"],
    labels: Int[np.ndarray, " images"],
    temperature: float,
    config: Config,
) -> dict[str, Any]:
    """Calibration with the network's own probabilities and with the fitted temperature."""
    return {
        **_calibration("", logits, labels, 1.0, config),
        **_calibration("_calibrated", logits, labels, temperature, config),
        "temperature": temperature,
    }


def _calibration(
    suffix: str, logits: np.ndarray, labels: np.ndarray, temperature: float, config: Config
) -> dict[str, Any]:
    """Undefined where the temperature is."""
    error: dict[str, float] = dict.fromkeys(("value", "low", "high"), float("nan"))
    chance = loss = float("nan")
    if np.isfinite(temperature):
        settings = config.evaluate
        probabilities = evaluation.probabilities_of(logits, temperature=temperature)
        by_chance = evaluation.errors_of_chance(
            probabilities, rounds=settings.bootstrap_rounds, seed=settings.seed
        )
        chance = float(by_chance.mean())
        error = _calibration_error(probabilities, labels, by_chance, config)
        loss = evaluation.negative_log_likelihood(logits, labels, temperature=temperature)
    return {f"ece{suffix}": error, f"ece_of_chance{suffix}": chance, f"nll{suffix}": loss}


def _calibration_error(
    probabilities: np.ndarray, labels: np.ndarray, by_chance: np.ndarray, config: Config
) -> dict[str, float]:
    """The error with a reflected interval: resampling raises it as much as chance raised it."""
    gaps = evaluation.calibration_gaps(probabilities, labels)
    value = evaluation.expected_calibration_error(probabilities, labels)
    found = _interval(
        value,
        lambda weights: np.abs(weights @ gaps).sum(axis=1) / len(labels),
        np.zeros_like(labels),
        config,
    )
    low, high = max(2 * value - found["high"], 0.0), 2 * value - found["low"]
    if value <= np.quantile(by_chance, 0.975):
        low = 0.0
    return {"value": value, "low": min(low, value), "high": max(high, value)}


def _interval(
    value: float, statistic: evaluation.Statistic, strata: np.ndarray, config: Config
) -> dict[str, float]:
    settings = config.evaluate
    low, high = evaluation.bootstrap_interval(
        statistic, strata, rounds=settings.bootstrap_rounds, seed=settings.seed
    )
    return {"value": value, "low": low, "high": high}
