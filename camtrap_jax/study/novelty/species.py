"""Unfamiliarity of each species, the threshold that the known ones set, and who is above it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from camtrap_jax.study.unfamiliarity import known_threshold, species_means


def species_table(
    rounds: Float[np.ndarray, "species rounds"],
    images: pd.DataFrame,
    nearest: Int[np.ndarray, " images"],
    known: list[str],
    unknown: list[str],
) -> pd.DataFrame:
    """One row a species; what has no images is empty."""
    names = [*known, *unknown]
    means = species_means(rounds)
    threshold = known_threshold(means, len(known))
    closest = []
    for species in names:
        votes = np.bincount(nearest[(images["species"] == species).to_numpy()])
        closest.append(known[votes.argmax()] if votes.size else "")
    return pd.DataFrame(
        {
            "species": names,
            "role": ["known"] * len(known) + ["unknown"] * len(unknown),
            "mean": means,
            "low": rounds.min(axis=1),
            "high": rounds.max(axis=1),
            "nearest_species": closest,
            "above_threshold": above(means, threshold),
        }
    )


def above(values: Float[np.ndarray, " values"], threshold: float) -> pd.arrays.BooleanArray:
    """Tells which values lie above a threshold; missing where either is undefined."""
    values = np.asarray(values, np.float64)
    found = np.array(values > threshold)
    return pd.arrays.BooleanArray(found, np.isnan(values) | np.isnan(threshold))


def threshold_facts(
    table: pd.DataFrame, rounds: Float[np.ndarray, "species rounds"]
) -> dict[str, Any]:
    """The most unfamiliar known species: its mean, its spread, and each round by itself.

    A round on its own has its own threshold, the maximum of its noisier means: it lies higher,
    and fewer unknown species may lie above it.
    """
    is_known = (table["role"] == "known").to_numpy()
    unknown_above = table.loc[~is_known, "above_threshold"].dropna()
    found: dict[str, Any] = {
        "threshold": {"value": None, "low": None, "high": None},
        "threshold_species": None,
        "threshold_of_rounds": [],
        "unknown_species": len(unknown_above),
        "unknown_above_threshold": int(np.sum(unknown_above)) if len(unknown_above) else None,
        "unknown_above_of_rounds": [],
    }
    known = table.loc[is_known].dropna(subset=["mean"])
    if len(known):
        top = known.loc[known["mean"].idxmax()]
        of_rounds = rounds[known.index].max(axis=0)
        found["threshold"] = {"value": top["mean"], "low": top["low"], "high": top["high"]}
        found["threshold_species"] = top["species"]
        found["threshold_of_rounds"] = of_rounds
        if len(unknown_above):
            found["unknown_above_of_rounds"] = (rounds[unknown_above.index] > of_rounds).sum(axis=0)
    return found
