"""Who is in the data set, drawn or cut out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from camtrap_jax.synthetic.cutouts import read_cutouts
from camtrap_jax.synthetic.species import SPECIES

BOUND = ("reedbuck", "porcupine")
"""Drawn species tied to one camera each: those whose backgrounds the paper's network had learnt."""

_STREAM = 1_000_003


@dataclass(frozen=True, slots=True)
class Cast:
    """The species and what the plan needs to know of them.

    Attributes:
        roles: 'known' or 'unknown' per species, known ones first and by falling abundance.
        nights: Probability of a night burst per species.
        pictures: Paths of the cut-outs per species, empty for drawings.
        bound: The species that are tied to a camera.
        drawn: Whether the species are the embedded drawings.
    """

    roles: dict[str, str]
    nights: dict[str, float]
    pictures: dict[str, tuple[str, ...]]
    bound: tuple[str, ...]
    drawn: bool

    def names(self, role: str) -> list[str]:
        """Species of a role."""
        return [name for name, other in self.roles.items() if other == role]


def make_cast(sprites: str, seed: int) -> Cast:
    """The embedded species, or those of the folder `sprites`."""
    if not sprites:
        roles = {name: species.role for name, species in SPECIES.items()}
        nights = {name: species.night for name, species in SPECIES.items()}
        return Cast(roles, nights, dict.fromkeys(SPECIES, ()), BOUND, drawn=True)
    cutouts = read_cutouts(Path(sprites))
    roles = {name: cutout.role for name, cutout in cutouts.items()}
    known = [name for name, role in roles.items() if role == "known"]
    rng = np.random.default_rng([seed, _STREAM, 3])
    nights = {name: float(rng.choice((0.05, 0.3, 0.85))) for name in roles}
    pictures = {name: cutout.paths for name, cutout in cutouts.items()}
    # The two after those that carry the other faults, so no species has both.
    after = len(known) * 6 // 10
    return Cast(roles, nights, pictures, tuple(known[after : after + 2]), drawn=False)
