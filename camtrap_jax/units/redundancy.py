"""Whether two units tell the same about a species."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Int


class Redundancy(NamedTuple):
    """What two units have in common, in nats, each less its estimate's bias."""

    shared: float  # information between the two units' bins
    share: float  # the same as a share of the smaller of the two entropies; nan without any
    joint: float  # information of both together about the species' presence
    overlap: float  # of both one by one, less that: above 0 redundant, below 0 complementary


def unit_redundancy(
    first: Int[np.ndarray, " images"],
    second: Int[np.ndarray, " images"],
    shows: Bool[np.ndarray, " images"],
) -> Redundancy:
    """Compares two units' binned responses on the same images.

    Every entropy is raised by (occupied cells - 1) / (2 images), as in `corrected_information`.

    Args:
      first: bins of one unit's responses.
      second: bins of the other's.
      shows: whether the image shows the species.

    Source:
      The overlap is the interaction information of McGill 1954, "Multivariate information
      transmission", with the sign that makes redundancy positive.
    """
    first, second = (np.asarray(bins, np.int64) for bins in (first, second))  # products of bins
    both = first * (int(second.max(initial=0)) + 1) + second
    one, other, pair, presence = (_entropy(codes) for codes in (first, second, both, shows))
    shared = max(one + other - pair, 0.0)
    alone = [
        max(entropy + presence - _entropy(2 * codes + shows), 0.0)
        for entropy, codes in ((one, first), (other, second))
    ]
    joint = max(pair + presence - _entropy(2 * both + shows), 0.0)
    smaller = min(one, other)
    return Redundancy(
        shared, shared / smaller if smaller > 0 else float("nan"), joint, sum(alone) - joint
    )


def _entropy(codes: Int[np.ndarray, " images"]) -> float:
    counts = np.bincount(codes)
    shares = counts[counts > 0] / len(codes)
    return float(-(shares * np.log(shares)).sum() + (len(shares) - 1) / (2 * len(codes)))
