"""What raters are asked, and what they answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

# Why a feature is on the sheet: people know the species by it; they know others by it; it is of no
# species, as the background. A rater does not learn which. Or a rater wrote it.
DESCRIPTOR, DECOY, GENERAL, TYPED = "descriptor", "decoy", "general", "typed"
OFFERED = "offered"  # in a rater's file, of any of the first three
COLUMNS = ("sheet", "rater", "species", "image_id", "kind", "feature", "shown")

Texts = dict[str, tuple[str, ...]]  # by species


@dataclass(frozen=True)
class Sheet:
    """A scoring sheet's questions.

    Attributes:
      name: tells sheets apart; it changes with everything that a rater sees.
      features: offered with each species' images.
      kinds: of the features.
      images: ids of each species' images.
    """

    name: str
    features: Texts
    kinds: Texts
    images: Texts


@dataclass(frozen=True)
class Answers:
    """Several raters' answers about the maps of one species.

    Attributes:
      raters: their names.
      images: ids of the images that all of them looked at.
      features: those offered, and then those that a rater wrote.
      kinds: of the features.
      ticks: whether a rater saw a feature on an image.
    """

    raters: tuple[str, ...]
    images: tuple[str, ...]
    features: tuple[str, ...]
    kinds: tuple[str, ...]
    ticks: Bool[np.ndarray, "raters images features"]

    @property
    def described(self) -> Bool[np.ndarray, " features"]:
        """Tells which features people know the species by."""
        return np.array([kind == DESCRIPTOR for kind in self.kinds], bool)

    @property
    def offered(self) -> Bool[np.ndarray, " features"]:
        """Tells about which features every rater was asked."""
        return np.array([kind != TYPED for kind in self.kinds], bool)
