"""How far a measured share can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import norm

CHUNK = 100  # resamples whose weights are held at once

Statistic = Callable[[Float[np.ndarray, "rounds images"]], Float[np.ndarray, " rounds"]]


def bootstrap_interval(
    statistic: Statistic,
    strata: Int[np.ndarray, " images"],
    *,
    rounds: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile interval of a statistic under resampling of images with replacement.

    Args:
      statistic: takes how often each image was drawn, many resamples at a time, and returns one
        number per resample.
      strata: group of each image; every group keeps its number of images. All equal: an ordinary
        bootstrap over images. Species: the stratified one that a mean over species needs.
      rounds: number of resamples.
      seed: of the draws.
      level: coverage, between 0 and 1.

    Returns:
      Lower and upper bound; nan without images.

    Source:
      Efron and Tibshirani 1993, "An introduction to the bootstrap", chapter 13.
    """
    if len(strata) == 0:
        return float("nan"), float("nan")
    values = np.concatenate([statistic(w) for w in resample_counts(strata, rounds, seed)])
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def resample_counts(
    strata: Int[np.ndarray, " images"], rounds: int, seed: int
) -> Iterator[Float[np.ndarray, "rounds images"]]:
    """Yields how often each image is drawn with replacement, in chunks of rounds.

    Each group of `strata` keeps its number of images.
    """
    rng = np.random.default_rng(seed)
    groups = [np.flatnonzero(strata == group) for group in np.unique(strata)]
    for start in range(0, rounds, CHUNK):
        size = min(CHUNK, rounds - start)
        draws = [group[rng.integers(len(group), size=(size, len(group)))] for group in groups]
        cells = np.concatenate(draws, axis=1) + len(strata) * np.arange(size)[:, None]
        counts = np.bincount(cells.ravel(), minlength=size * len(strata))
        yield counts.reshape(size, len(strata)).astype(np.float64)


def wilson_interval(
    correct: Int[np.ndarray, "*shares"], images: Int[np.ndarray, "*shares"], *, level: float = 0.95
) -> tuple[Float[np.ndarray, "*shares"], Float[np.ndarray, "*shares"]]:
    """Interval of the share `correct / images`, sensible also for few images and shares of 0 or 1.

    Returns:
      Lower and upper bounds within 0..1, nan where there are no images.

    Source:
      Wilson 1927, "Probable inference, the law of succession, and statistical inference".
    """
    z = norm.ppf((1 + level) / 2)
    total = np.where(np.asarray(images) > 0, images, np.nan)
    share = correct / total
    middle = (share + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z / (1 + z**2 / total) * np.sqrt(share * (1 - share) / total + (z / (2 * total)) ** 2)
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
