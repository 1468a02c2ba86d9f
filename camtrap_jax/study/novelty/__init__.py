"""Stage `novelty`: how unfamiliar known and unknown species are to the network."""

from camtrap_jax.study.novelty.measure import measure_novelty
from camtrap_jax.study.novelty.near_far import check_near

__all__ = ["check_near", "measure_novelty"]
