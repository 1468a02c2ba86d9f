"""The whole of a synthetic data set before anything is drawn."""

from dataclasses import dataclass

from camtrap_jax.synthetic.bursts import Burst, abundances, plan_bursts
from camtrap_jax.synthetic.cast import Cast
from camtrap_jax.synthetic.faults import Faults, plant
from camtrap_jax.synthetic.views.cameras import Place


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is photographed where, and what goes wrong.

    Attributes:
        cast: The species.
        places: The cameras.
        bound: Camera of each species that is tied to one.
        bursts: All triggers, by species.
        faults: What is planted.
    """

    cast: Cast
    places: list[Place]
    bound: dict[str, str]
    bursts: list[Burst]
    faults: Faults


def make_plan(cast: Cast, places: list[Place], images_per_species: int, seed: int) -> Plan:
    """Deals the species out to the cameras; the bound ones to the cameras with landmarks."""
    marked = [place.name for place in places if place.landmark]
    bound = dict(zip(cast.bound, marked, strict=True))
    abundance = abundances(cast.names("known"), cast.names("unknown"), images_per_species)
    cameras = [place.name for place in places]
    bursts = plan_bursts(abundance, cast.nights, cameras, bound, seed)
    faults = plant(bursts, abundance, bound, seed)
    return Plan(cast, places, bound, bursts, faults)
