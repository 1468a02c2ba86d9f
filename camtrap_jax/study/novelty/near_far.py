"""Which unknown species lie near a known one, and which far."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from camtrap_jax import embedding
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.unfamiliarity import Reference

BY_FEATURES = (
    "by the features: near is the half of the unknown species whose centroids lie nearest to a "
    "known species' (the limit is the median; what chance adds to a distance is taken off). "
    "Scores from the same features find near species harder for that reason alone"
)
BY_NAME = "named by novelty.near"


@dataclass(frozen=True)
class NearFar:
    """The unknown species by how near they are.

    Attributes:
      table: `species, kind, images, nearest_species, distance`, one row an unknown species; kind is
        near, far or undecided.
      facts: how it was decided, for novelty.json.
    """

    table: pd.DataFrame
    facts: dict[str, Any]

    def species(self, kind: str) -> list[str]:
        """Names the species of a kind."""
        return self.table.loc[self.table["kind"] == kind, "species"].tolist()


def check_near(run: RunFolder, config: Config) -> None:
    """Refuses names in `novelty.near` that are no unknown species.

    Raises:
      ValueError: there are some.
    """
    wrong = [name for name in config.novelty.near if name not in run.unknown]
    if wrong:
        close = difflib.get_close_matches(wrong[0], run.unknown, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise ValueError(
            f"novelty.near: expected some of the unknown species "
            f"({', '.join(run.unknown) or 'there are none'}), got "
            f"{', '.join(map(repr, wrong))}{hint}"
        )


def near_and_far(
    run: RunFolder,
    config: Config,
    images: pd.DataFrame,
    features: Float[np.ndarray, "images dim"],
    reference: Reference,
) -> NearFar:
    """Tells near unknown species from far ones, by their names or by their features.

    Args:
      run: the run folder.
      config: all settings.
      images: test and unknown images: `split`, `species`.
      features: of these.
      reference: the training images.
    """
    codes = pd.Index(run.unknown).get_indexer(pd.Index(images["species"]))
    codes[(images["split"] != "unknown").to_numpy(bool)] = -1
    strange = embedding.species_moments(features, codes, num_species=len(run.unknown))
    known = embedding.species_moments(
        reference.features, reference.labels, num_species=len(run.classes)
    )
    gaps, nearest = embedding.nearest_gaps(strange, known)
    # Known species are no yardstick: they were trained to lie apart, and every other one between.
    limit = float(np.nanmedian(gaps)) if (~np.isnan(gaps)).sum() > 1 else np.nan
    table = pd.DataFrame(
        {
            "species": run.unknown,
            "kind": _kinds(run.unknown, config.novelty.near, gaps, limit),
            "images": np.bincount(codes[codes >= 0], minlength=len(run.unknown)),
            "nearest_species": np.array([*run.classes, ""], object)[nearest],  # -1 is none
            "distance": gaps,
        }
    )
    if config.novelty.near:
        return NearFar(table, {"decided": BY_NAME, "limit": None})
    return NearFar(table, {"decided": BY_FEATURES, "limit": limit})


def _kinds(
    unknown: list[str],
    named: tuple[str, ...],
    gaps: Float[np.ndarray, " species"],
    limit: float,
) -> list[str]:
    if named:
        return ["near" if species in named else "far" for species in unknown]
    nearness = np.where(gaps <= limit, "near", "far")
    return np.where(np.isnan(gaps) | np.isnan(limit), "undecided", nearness).tolist()
