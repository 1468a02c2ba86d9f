"""How many images there are of what, and which species have too few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd

_SMALL = 30  # a species below has at most three test images
UNIT_IMAGES = 300
"""Training images a species that units are ranked and centroids are taken over."""
NOVELTY_IMAGES = 20
"""Test images a species and round that unfamiliarity is the mean of."""
TEST_IMAGES = 3
"""Test images below which a species' accuracy says nothing."""


def image_counts(images: pd.DataFrame, animals: pd.DataFrame) -> dict[str, Any]:
    """Counts images per role, split, species and camera.

    Args:
      images: the manifest.
      animals: its rows of known and unknown species.
    """
    species = _counts(animals["species"])
    known = animals.loc[animals["role"] == "known"]
    return {
        "images": len(images),
        "files": len(set(images["filepath"])),
        "roles": _counts(images["role"]),
        "splits": _counts(images["split"]),
        "species": species,
        "cameras": _counts(images["camera"]),
        "known_species_splits": _by_split(known),
        "without_camera": list(images["camera"]).count(""),
        "without_datetime": list(images["datetime"]).count(""),
        "small_species": {name: count for name, count in species.items() if count < _SMALL},
    }


def too_few_images(animals: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Lists for each analysis the species that have fewer images than it looks at.

    Args:
      animals: images of known and unknown species.

    Returns:
      By analysis, `needed` and `species` with their number of images. An unknown species has
      neither training nor test images: in the novelty rounds all of its images take part.

    Source:
      Miao et al. 2019 take 300 training images a species for units and centroids, and 20 test
      images in each novelty round; 3 test images are our limit.
    """
    known = animals.loc[animals["role"] == "known"]
    train, test = (
        {name: splits.get(split, 0) for name, splits in _by_split(known).items()}
        for split in ("train", "test")
    )
    unknown = _counts(animals.loc[animals["role"] == "unknown", "species"])
    return {
        "units_and_centroids": _below(train, UNIT_IMAGES),
        "novelty_rounds": _below({**test, **unknown}, NOVELTY_IMAGES),
        "accuracy": _below(test, TEST_IMAGES),
    }


def _by_split(known: pd.DataFrame) -> dict[str, dict[str, int]]:
    return {str(name): _counts(splits) for name, splits in known.groupby("species")["split"]}


def _below(found: dict[str, int], needed: int) -> dict[str, Any]:
    few = {name: count for name, count in sorted(found.items()) if count < needed}
    return {"needed": needed, "species": few}


def _counts(names: Iterable[str]) -> dict[str, int]:
    """Counts values in their order; empty ones are none."""
    return dict(sorted((name, count) for name, count in Counter(names).items() if name))
