"""How far a score's detection of unknown species can be trusted."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from camtrap_jax.evaluation.detection import (
    DETECTION_METRICS,
    are_finite,
    weighted_detection_metrics,
    weighted_scores,
)
from camtrap_jax.evaluation.intervals import resample_counts


def resampled_detection(
    scores: Float[np.ndarray, "images scores"],
    known: Bool[np.ndarray, " images"],
    groups: Bool[np.ndarray, "groups images"],
    strata: Int[np.ndarray, " images"],
    bursts: Int[np.ndarray, " images"],
    *,
    rounds: int,
    seed: int,
) -> Float[np.ndarray, "metrics groups scores rounds"]:
    """Measures how well scores detect unknown species, on bursts drawn with replacement.

    The frames of a burst are almost the same picture: they are drawn together, or the intervals
    would be those of far more images than there are. All scores and groups see the same draws, so
    that their numbers may be compared round by round.

    Args:
      scores: one column a score; larger = less familiar.
      known: images of known species.
      groups: the images of unknown species to be told from the known ones, one row a group.
      strata: of each image, such as its species; of each the same number of bursts is drawn as it
        has. Every group needs whole strata of its own, so that each draw has some of its images.
      bursts: of each image; one whose images are in several strata is one in each.
      rounds: number of draws.
      seed: of the draws.

    Returns:
      The metrics of `DETECTION_METRICS`, in its order. nan where a score is not finite, or where
      there are less than two bursts to draw from on either side.
    """
    pairs = np.unique(np.stack([strata, bursts]), axis=1, return_inverse=True)
    stratum_of_burst, burst = pairs[0][0], np.ravel(pairs[1])
    drawn = np.array([_can_be_drawn(burst, known, group) for group in groups], bool)
    found = np.full((len(DETECTION_METRICS), len(groups), scores.shape[1], rounds), np.nan)
    done = 0
    for counts in resample_counts(stratum_of_burst, rounds, seed) if drawn.any() else ():
        chunk = slice(done, done + len(counts))
        found[:, drawn, :, chunk] = _measured(scores, known, groups[drawn], counts[:, burst])
        done += len(counts)
    return found


def _measured(
    scores: Float[np.ndarray, "images scores"],
    known: Bool[np.ndarray, " images"],
    groups: Bool[np.ndarray, "groups images"],
    weights: Float[np.ndarray, "rounds images"],
) -> Float[np.ndarray, "metrics groups scores rounds"]:
    """Measures every score and group in some rounds of draws."""
    shape = (len(DETECTION_METRICS), len(groups), scores.shape[1], len(weights))
    found = np.full(shape, np.nan)
    of_known, of_groups = weights[:, known], [weights[:, group] for group in groups]
    for column, values in enumerate(scores.T):
        if not are_finite(values[known]):
            continue
        familiar = weighted_scores(values[known], of_known)
        for place, group in enumerate(groups):
            if are_finite(values[group]):
                strange = weighted_scores(values[group], of_groups[place])
                metrics = weighted_detection_metrics(familiar, strange)
                found[:, place, column] = [metrics[name] for name in DETECTION_METRICS]
    return found


def _can_be_drawn(
    burst: Int[np.ndarray, " images"],
    known: Bool[np.ndarray, " images"],
    unknown: Bool[np.ndarray, " images"],
) -> bool:
    """Tells whether draws can differ: from a single burst there is but one."""
    return all(len(np.unique(burst[side])) > 1 for side in (known, unknown))
