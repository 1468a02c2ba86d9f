"""What people draw around a feature: outlines, circles, painted pixels.

Coordinates are px of the drawing, x to the right and y down; the first pixel reaches from 0 to 1. A
shape is never drawn: it tells which points it covers, so that its mask is exact in any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.path import Path as Outline

from camtrap_jax.data.boxes import kept_height

SAME_ASPECT = 0.02  # sizes of one picture differ by a rounding, a cut-off strip by 0.03 and more

Points = Float[np.ndarray, "points 2"]


@dataclass(frozen=True)
class Polygon:
    """An outline; where it crosses itself, what is enclosed twice is outside."""

    corners: Float[np.ndarray, "corners 2"]

    def covers(self, points: Points) -> Bool[np.ndarray, " points"]:
        """Tells which points lie inside."""
        return Outline(self.corners).contains_points(points)


@dataclass(frozen=True)
class Circle:
    """A disc."""

    centre: Float[np.ndarray, " 2"]
    radius: float

    def covers(self, points: Points) -> Bool[np.ndarray, " points"]:
        """Tells which points lie inside."""
        return np.hypot(*(points - self.centre).T) <= self.radius


@dataclass(frozen=True)
class Painted:
    """Pixels, marked one by one."""

    pixels: Bool[np.ndarray, "height width"]

    def covers(self, points: Points) -> Bool[np.ndarray, " points"]:
        """Tells which points lie on marked pixels."""
        height, width = self.pixels.shape
        columns, rows = np.clip(np.floor(points), 0, [width - 1, height - 1]).astype(int).T
        return self.pixels[rows, columns]


Shape = Polygon | Circle | Painted


@dataclass(frozen=True)
class Drawing:
    """The marks on one picture.

    Attributes:
      where: file and entry, for messages.
      size: width and height in px that the shapes' coordinates refer to.
      shapes: what is marked, any of them.
    """

    where: str
    size: tuple[float, float]
    shapes: tuple[Shape, ...]


def mask_of(
    drawing: Drawing, frame: tuple[float, float], *, crop_bottom: float, size_px: int
) -> Bool[np.ndarray, "size_px size_px"]:
    """Returns the mask of a drawing, cut and squashed as the network's pixels are.

    A pixel is marked where the point of the drawing under its centre is.

    Args:
      drawing: on the whole picture, in any size.
      frame: the picture's width and height in px.
      crop_bottom: fraction of the height that is cut off.
      size_px: side of the mask.

    Raises:
      ValueError: the drawing's shape is not the picture's.
    """
    width, height = drawing.size
    _check_aspect(drawing, frame)
    centres = np.arange(size_px) + 0.5
    columns, rows = (
        centres * side / size_px for side in (width, kept_height(round(height), crop_bottom))
    )
    points = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    nothing = np.zeros(len(points), bool)
    covered = reduce(np.logical_or, (shape.covers(points) for shape in drawing.shapes), nothing)
    return covered.reshape(size_px, size_px)


def _check_aspect(drawing: Drawing, frame: tuple[float, float]) -> None:
    (width, height), (frame_width, frame_height) = drawing.size, frame
    aspect, expected = width / height, frame_width / frame_height
    if abs(aspect / expected - 1) <= SAME_ASPECT:
        return
    is_turned = abs(aspect * expected - 1) <= SAME_ASPECT
    advice = (
        "it seems to be turned; mark the picture as it is seen, upright"
        if is_turned
        else "mark the whole picture, in its own size or a smaller one of the same shape"
    )
    raise ValueError(
        f"{drawing.where}: is {width:g} x {height:g} px, expected the shape of its picture, "
        f"{frame_width:g} x {frame_height:g} px; {advice}"
    )
