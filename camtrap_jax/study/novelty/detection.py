"""How well each score tells unknown species from known ones: all, near and far, and each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from camtrap_jax import evaluation
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.novelty.comparisons import (
    Comparison,
    trained_bursts,
    with_all_known,
    with_new_bursts,
)
from camtrap_jax.study.novelty.near_far import NearFar
from camtrap_jax.study.novelty.scores import SCORES
from camtrap_jax.study.sample import sequence_codes

INTERVAL = (
    "95 % percentile bootstrap over bursts, drawn with replacement: those of known images all "
    "together, those of unknown ones within each species; an image without a burst is one. The "
    "unknown species are taken as they are: nothing is said of others. Empty where either side has "
    "a single burst; few bursts make an interval too short"
)
QUANTILES = (0.025, 0.975)


@dataclass(frozen=True)
class Detection:
    """The same numbers as tables and for novelty.json.

    Attributes:
      groups: one row a score, kind of known images and group of unknown species: how many images
        and bursts there are of both, and the metrics with their intervals.
      species: one row a score and unknown species, against all known images.
      facts: the scores' numbers, and how many known images there are of new bursts.
    """

    groups: pd.DataFrame
    species: pd.DataFrame
    facts: dict[str, Any]


def measure_detection(
    run: RunFolder, config: Config, images: pd.DataFrame, near_far: NearFar
) -> Detection:
    """Measures every score on test images against the unknown ones.

    Most test images of a random split are frames of bursts that were trained on. A score that
    fits the training images closely finds them familiar for that reason, and no unknown species
    has such an advantage: so the test images of other bursts are compared by themselves, too.

    Args:
      run: the run folder.
      config: all settings.
      images: `image_id, split, species, camera, sequence` and `SCORES`.
      near_far: the kinds of the unknown species.
    """
    images = images.sort_values(by="image_id", ignore_index=True)  # else draws depend on files
    bursts = sequence_codes(images)
    parts = (with_all_known(run.unknown, images, near_far), with_new_bursts(run, images))
    rounds = [of_one for part in parts for of_one in _rounds(run, config, images, bursts, part)]
    comparisons = [one for part in parts for one in part]
    table = pd.DataFrame(
        [
            _row(images[score].to_numpy(np.float64), score, bursts, one, of_comparison[:, column])
            for column, score in enumerate(SCORES)
            for one, of_comparison in zip(comparisons, rounds, strict=True)
        ]
    )
    groups = table.loc[table["species"] == ""].drop(columns="species")
    columns = {"unknown_images": "images", "unknown_bursts": "bursts"}
    of_known = ["known", "known_images", "known_bursts", "unknown"]
    species = table.loc[table["species"] != ""].drop(columns=of_known).rename(columns=columns)
    best = {"all": _best_shares(rounds[0][0]), "new_bursts": _best_shares(rounds[-1][0])}
    is_new = comparisons[-1].is_known
    new = {"images": int(is_new.sum()), "bursts": len(np.unique(bursts[is_new]))}
    facts = {
        "scores": _facts(groups, best),
        "known_of_new_bursts": new if trained_bursts(run) else None,
    }
    return Detection(groups, species, facts)


def _rounds(
    run: RunFolder,
    config: Config,
    images: pd.DataFrame,
    bursts: Int[np.ndarray, " images"],
    comparisons: list[Comparison],
) -> Float[np.ndarray, "comparisons metrics scores rounds"]:
    """Draws bursts of the images that take part in comparisons with the same known images."""
    is_known = comparisons[0].is_known
    groups = np.stack([one.is_unknown for one in comparisons])
    taking_part = is_known | groups.any(axis=0)
    # Known species are drawn as they come; of each unknown one some images must be left.
    strata = pd.Index(run.unknown).get_indexer(pd.Index(images["species"]))
    strata[is_known] = -1
    rounds = evaluation.resampled_detection(
        images.loc[taking_part, list(SCORES)].to_numpy(np.float64),
        is_known[taking_part],
        groups[:, taking_part],
        strata[taking_part],
        bursts[taking_part],
        rounds=config.novelty.bootstrap_rounds,
        seed=config.novelty.seed,
    )
    return np.moveaxis(rounds, 1, 0)


def _row(
    values: Float[np.ndarray, " images"],
    score: str,
    bursts: Int[np.ndarray, " images"],
    one: Comparison,
    rounds: Float[np.ndarray, "metrics rounds"],
) -> dict[str, Any]:
    """A score's numbers in a comparison, as columns."""
    return {
        "score": score,
        "known": one.known,
        "known_images": int(one.is_known.sum()),
        "known_bursts": len(np.unique(bursts[one.is_known])),
        "unknown": one.group,
        "species": one.species,
        "unknown_images": int(one.is_unknown.sum()),
        "unknown_bursts": len(np.unique(bursts[one.is_unknown])),
        **_numbers(values[one.is_known], values[one.is_unknown], rounds),
    }


def _numbers(
    known: Float[np.ndarray, " known"],
    unknown: Float[np.ndarray, " unknown"],
    rounds: Float[np.ndarray, "metrics rounds"],
) -> dict[str, float]:
    """The metrics and the bounds of their intervals, as columns."""
    low, high = np.quantile(rounds, QUANTILES, axis=1)
    values = evaluation.detection_metrics(known, unknown)
    return {
        name + end: float(number)
        for metric, (name, value) in enumerate(values.items())
        for end, number in (("", value), ("_low", low[metric]), ("_high", high[metric]))
    }


def _facts(
    groups: pd.DataFrame, best: dict[str, Float[np.ndarray, " scores"]]
) -> dict[str, dict[str, Any]]:
    """Turns the table into what novelty.json says of each score."""
    facts: dict[str, dict[str, Any]] = {}
    for row in groups.to_dict("records"):
        found: dict[str, Any] = {
            name: {"value": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}
            for name in evaluation.DETECTION_METRICS
        }
        if row["unknown"] == "all":
            found["best_share"] = best[row["known"]][SCORES.index(row["score"])]
        name = row["known"] if row["known"] != "all" else row["unknown"]
        of_score = facts.setdefault(row["score"], {})
        of_score |= found if name == "all" else {name: found}
    return facts


def _best_shares(aurocs: Float[np.ndarray, "scores rounds"]) -> Float[np.ndarray, " scores"]:
    """Share of the draws in which each score's AUROC is the highest; equals share a draw."""
    is_defined = ~np.isnan(aurocs)
    if not is_defined.any():
        return np.full(len(aurocs), np.nan)
    highest = np.where(is_defined, aurocs, -np.inf)
    is_best = highest == highest.max(axis=0)
    shares = (is_best / is_best.sum(axis=0)).mean(axis=1)
    return np.where(is_defined.all(axis=1), shares, np.nan)
