"""Stage `novelty`: how unfamiliar known and unknown species are to the network."""

from camtrap_jax.study.novelty.measure import measure_novelty

__all__ = ["measure_novelty"]
