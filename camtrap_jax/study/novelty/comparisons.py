"""Which known images are compared with which unknown ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Bool

from camtrap_jax.data.bursts import burst_names
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.novelty.near_far import NearFar


@dataclass(frozen=True)
class Comparison:
    """Known images, and those of unknown species that they are compared with."""

    known: str  # all, or new_bursts
    group: str  # of unknown species: all, near or far; empty for a single one
    species: str  # or empty
    is_known: Bool[np.ndarray, " images"]
    is_unknown: Bool[np.ndarray, " images"]


def with_all_known(unknown: list[str], images: pd.DataFrame, near_far: NearFar) -> list[Comparison]:
    """Compares all known images with each group of unknown species, and with each of these."""
    is_known = (images["split"] == "test").to_numpy(bool)
    is_unknown = (images["split"] == "unknown").to_numpy(bool)

    def of(species: list[str]) -> Bool[np.ndarray, " images"]:
        return is_unknown & images["species"].isin(species).to_numpy(bool)

    members = {"all": unknown, "near": near_far.species("near"), "far": near_far.species("far")}
    return [
        *(
            Comparison("all", name, "", is_known, of(of_group))
            for name, of_group in members.items()
        ),
        *(Comparison("all", "", species, is_known, of([species])) for species in unknown),
    ]


def with_new_bursts(run: RunFolder, images: pd.DataFrame) -> list[Comparison]:
    """Compares all unknown species with the known images of bursts that were not trained on."""
    is_known = (images["split"] == "test").to_numpy(bool)
    is_unknown = (images["split"] == "unknown").to_numpy(bool)
    return [Comparison("new_bursts", "all", "", is_known & _are_new(run, images), is_unknown)]


def _are_new(run: RunFolder, images: pd.DataFrame) -> Bool[np.ndarray, " images"]:
    """Tells which images share no burst with training images; one without a burst shares none."""
    trained = trained_bursts(run)
    if not trained:  # the source names no bursts, and what is new cannot be told
        return np.zeros(len(images), bool)
    return np.array([burst not in trained for burst in burst_names(images)], bool)


def trained_bursts(run: RunFolder) -> set[str]:
    """Names the bursts of training images."""
    return set(burst_names(run.index.loc[run.index["split"] == "train"])) - {""}
