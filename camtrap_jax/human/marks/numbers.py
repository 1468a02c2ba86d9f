"""Corners and sizes as files of marks give them, checked."""

from __future__ import annotations

from typing import Any

import numpy as np
from jaxtyping import Float

from camtrap_jax.data.sources.values import parse_number, shown


def read_points(where: str, value: Any) -> Float[np.ndarray, "points 2"]:
    """Reads a list of [x, y].

    Raises:
      ValueError: it is none.
    """
    if not isinstance(value, list):
        raise ValueError(f"{where}: expected points [x, y], got {shown(value)}")
    for number, pair in enumerate(value):
        if (
            not isinstance(pair, list)
            or len(pair) != 2
            or any(parse_number(one) is None for one in pair)
        ):
            raise ValueError(f"{where}: point {number + 1}: expected [x, y], got {shown(pair)}")
    return np.array(value, float).reshape(-1, 2)


def read_corners(where: str, value: Any) -> Float[np.ndarray, "corners 2"]:
    """Reads the corners of a polygon.

    Raises:
      ValueError: they are no points, or fewer than three.
    """
    points = read_points(where, value)
    if len(points) < 3:
        raise ValueError(f"{where}: expected a polygon of at least 3 points, got {len(points)}")
    return points
