"""One animal, drawn: which figure a species is, and how individuals differ."""

import numpy as np

from camtrap_jax.synthetic.beasts import BEASTS
from camtrap_jax.synthetic.canvas import Canvas, Sprite
from camtrap_jax.synthetic.quadruped import draw_quadruped
from camtrap_jax.synthetic.solitaires import draw_bushbaby, draw_hornbill, draw_rodent
from camtrap_jax.synthetic.species import SPECIES
from camtrap_jax.synthetic.ungulates import UNGULATES

BUILDS = UNGULATES | BEASTS
SOLITAIRES = {"ground hornbill": draw_hornbill, "bushbaby": draw_bushbaby, "rodent": draw_rodent}


def draw_sprite(species: str, rng: np.random.Generator, *, width_px: int = 420) -> Sprite:
    """Draws one individual, facing right: stance, proportions and hue vary with `rng`.

    Args:
        species: Key of `SPECIES`.
        rng: Source of the variation.
        width_px: Width of the whole drawing; the animal covers about two thirds of it.
    """
    if species not in SPECIES:
        raise ValueError(f"no drawing of species '{species}'; there are {', '.join(SPECIES)}")
    canvas = Canvas(2 * width_px, rng)
    if species in SOLITAIRES:
        SOLITAIRES[species](canvas, rng)
    else:
        draw_quadruped(canvas, BUILDS[species], rng)
    tint = rng.uniform(0.93, 1.07) * rng.uniform(0.97, 1.03, 3)
    return canvas.finish(tint=tint.astype(np.float32))
