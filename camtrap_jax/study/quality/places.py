"""Where maps lie: on the animal, in its box, on the parts that tell it from others."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from camtrap_jax.explain.localisation import mass_inside, pointing_game, rank_accuracy
from camtrap_jax.study.quality.conditions import Values
from camtrap_jax.study.quality.sample import Masks


def places_of(importance: Float[np.ndarray, "images H W"], regions: dict[str, Masks]) -> Values:
    """Measures a method's maps against every region; nan where an image's is not known.

    Args:
      importance: of each pixel.
      regions: see `Sample`.
    """
    values: Values = {}
    finest = regions.get("animal", regions["box"])
    values["pointing_game"] = _known(finest, pointing_game(importance, finest))
    for name, masks in regions.items():
        word = "mask" if name == "animal" else name
        given = jnp.asarray(importance), jnp.asarray(masks)
        values[f"mass_in_{word}"] = _known(masks, np.asarray(mass_inside(*given)))
        values[f"rank_in_{word}"] = _known(masks, np.asarray(rank_accuracy(*given)))
    if "parts" in regions:
        parts = regions["parts"]
        values["points_at_parts"] = _known(parts, pointing_game(importance, parts))
    return values


def shares_of(regions: dict[str, Masks]) -> Values:
    """Returns each region's share of its frame: what a map that knows nothing scores."""
    return {name: _known(masks, masks.mean((1, 2))) for name, masks in regions.items()}


def _known(masks: Masks, values: np.ndarray) -> Float[np.ndarray, " images"]:
    return np.where(masks.any((1, 2)), values.astype(float), np.nan)
