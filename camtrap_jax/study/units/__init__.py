"""Stage `units`: which units carry each species, what they respond to, and which know the place."""

from camtrap_jax.study.units.stage import find_units

__all__ = ["find_units"]
