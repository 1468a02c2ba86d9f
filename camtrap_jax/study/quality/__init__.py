"""Stage `quality`: how far each method's maps can be trusted."""

from camtrap_jax.study.quality.measure import measure_quality

__all__ = ["measure_quality"]
