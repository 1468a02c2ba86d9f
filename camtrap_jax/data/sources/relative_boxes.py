"""Boxes relative to the picture's size, as detectors give them."""

from __future__ import annotations

from typing import Any

from camtrap_jax.data.sources.listing import Box

_ROUNDING = 1e-3  # files give three to five digits, so that x + width may exceed 1


def relative_box(values: list[Any]) -> Box | None:
    """Returns x, y, width, height in [0, 1], clipped; None where the values are no such box."""
    if len(values) != 4:
        return None
    for value in values:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        # Written so that nan fails, too.
        if not -_ROUNDING <= value <= 1 + _ROUNDING:
            return None
    x, y, width, height = values
    if width <= 0 or height <= 0 or x + width > 1 + _ROUNDING or y + height > 1 + _ROUNDING:
        return None
    left, top = max(0.0, float(x)), max(0.0, float(y))
    right, bottom = min(float(x + width), 1.0), min(float(y + height), 1.0)
    return (left, top, right - left, bottom - top) if left < right and top < bottom else None
