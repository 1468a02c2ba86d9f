"""One animal, drawn: which figure a species is, and how individuals differ."""

import numpy as np

from camtrap_jax.synthetic.figures.antelopes import ANTELOPES
from camtrap_jax.synthetic.figures.bushbaby import draw_bushbaby
from camtrap_jax.synthetic.figures.canvas import Canvas, Sprite
from camtrap_jax.synthetic.figures.carnivores import CARNIVORES
from camtrap_jax.synthetic.figures.diggers import DIGGERS
from camtrap_jax.synthetic.figures.heavyweights import HEAVYWEIGHTS
from camtrap_jax.synthetic.figures.hornbill import draw_hornbill
from camtrap_jax.synthetic.figures.primates import PRIMATES
from camtrap_jax.synthetic.figures.quadruped import draw_quadruped
from camtrap_jax.synthetic.figures.rodent import draw_rodent
from camtrap_jax.synthetic.figures.small_antelopes import SMALL_ANTELOPES
from camtrap_jax.synthetic.species import SPECIES

BUILDS = ANTELOPES | SMALL_ANTELOPES | HEAVYWEIGHTS | CARNIVORES | PRIMATES | DIGGERS
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
