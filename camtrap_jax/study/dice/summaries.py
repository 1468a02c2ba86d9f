"""Means over images, made sets of pixels in several ways, with intervals over bursts."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from camtrap_jax.config import HumanConfig
from camtrap_jax.evaluation import bootstrap_interval

FRACTIONS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)  # of a map's maximum
MASK_SIZE, FRACTION = "mask_size", "fraction_of_maximum"  # ways to make a map a set of pixels
INTERVAL = "95 % percentile bootstrap over bursts, whose frames are much alike"

Values = Float[np.ndarray, "images sets"]


def rows_of(
    dice: Values, chance: Values, bursts: Int[np.ndarray, " images"], settings: HumanConfig
) -> list[dict[str, Any]]:
    """Returns a row for each way to make a map a set of pixels.

    Args:
      dice: of each image and way: the mask's size first, then `FRACTIONS`.
      chance: likewise.
      bursts: of the images.
      settings: how intervals are made.
    """
    ways = [(MASK_SIZE, np.nan), *((FRACTION, fraction) for fraction in FRACTIONS)]
    return [
        {
            "binarisation": way,
            "threshold": threshold,
            **_summary(dice[:, place], bursts, settings),
            "by_chance": _mean(chance[:, place]),
        }
        for place, (way, threshold) in enumerate(ways)
    ]


def deviation(values: Float[np.ndarray, " values"]) -> float:
    """Returns the standard deviation of a sample; nan of a single value."""
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def _summary(
    values: Float[np.ndarray, " images"], bursts: Int[np.ndarray, " images"], settings: HumanConfig
) -> dict[str, float]:
    """Returns the mean over the images of which it is defined, with interval and deviation."""
    known = np.isfinite(values)
    _, codes = np.unique(bursts[known], return_inverse=True)
    sums, counts = np.bincount(codes, values[known]), np.bincount(codes)
    low, high = np.nan, np.nan
    if len(counts) > 1:  # a single burst says nothing about others
        low, high = bootstrap_interval(
            partial(_weighted_mean, sums=sums, counts=counts),
            np.zeros(len(counts), np.int64),
            rounds=settings.bootstrap_rounds,
            seed=settings.seed,
        )
    return {
        "images": int(known.sum()),
        "mean": _mean(values),
        "low": low,
        "high": high,
        "sd": deviation(values[known]),
    }


def _weighted_mean(
    weights: Float[np.ndarray, "rounds bursts"], *, sums: np.ndarray, counts: np.ndarray
) -> Float[np.ndarray, " rounds"]:
    return (weights @ sums) / (weights @ counts)


def _mean(values: Float[np.ndarray, " images"]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan
