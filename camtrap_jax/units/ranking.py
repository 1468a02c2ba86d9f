"""Which units carry a species."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

DECIMALS = 6  # below that, float32 sums differ between machines


def top_units(
    information: Float[np.ndarray, "units classes"],
    signs: Int[np.ndarray, "units classes"],
    *,
    count: int,
    any_sign: bool = False,
) -> Int[np.ndarray, "classes count"]:
    """Ranks the units of each species by information, highest first.

    Args:
      information: nats per unit and species.
      signs: +1 where the unit responds more to the species than to the rest.
      count: how many units to name per species.
      any_sign: also rank the units that respond less to the species.

    Returns:
      Unit indices; equal information, to six decimals, ranks the lower index first; -1 fills
      up where fewer units qualify.
    """
    information, signs = np.asarray(information), np.asarray(signs)
    qualifies = np.ones_like(signs, bool) if any_sign else signs > 0
    scores = np.where(qualifies, information.round(DECIMALS), -np.inf)
    order = np.argsort(-scores, axis=0, kind="stable")[:count]
    ranked = np.where(np.take_along_axis(qualifies, order, axis=0), order, -1).T
    return np.pad(ranked, ((0, 0), (0, count - ranked.shape[1])), constant_values=-1)
