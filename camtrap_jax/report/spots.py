"""Which images of a plane are shown where they lie, so that none covers another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from camtrap_jax.report.drawing import shorten

THUMB_POINTS = 40  # long side of a thumbnail, in 1/72 inch
LABEL_POINTS = 11  # height of the name below it
LABEL_LETTERS = 18
TRIES = 12  # images of a species that are tried until one has room


@dataclass(frozen=True)
class Spot:
    """Where a species is named, at one of its images.

    Attributes:
      species: its name.
      x: place, in data coordinates.
      y: the same.
      image_id: the image shown there; empty where it has no room.
    """

    species: str
    x: float
    y: float
    image_id: str


def choose_spots(
    images: pd.DataFrame, columns: tuple[str, str], size: tuple[float, float]
) -> list[Spot]:
    """Chooses for each species an image near its middle whose thumbnail covers no other.

    A species whose images find no room is named at one of them, if at least its name does.

    Args:
      images: as for `plane_chart`.
      columns: the coordinates.
      size: of the drawing, in points.
    """
    points = images[list(columns)].to_numpy(np.float64)
    spread = np.ptp(points, axis=0)
    scale = np.array(size) / np.where(spread > 0, 1.14 * spread, 1.0)
    places = points * scale
    taken: list[np.ndarray] = []  # centre and half size of each box, in points
    spots, waiting = [], []
    for name, rows in images.groupby("species", sort=False).indices.items():
        shown = rows[images["is_shown"].to_numpy(bool)[rows]]
        box = (max(THUMB_POINTS, _text_width(str(name))), THUMB_POINTS * 0.75 + LABEL_POINTS + 4)
        row = _free_row(places, shown, box, LABEL_POINTS / 2, taken)
        if row is None:
            waiting.append((str(name), rows))
        else:
            image_id = str(images["image_id"].iloc[row])
            spots.append(Spot(str(name), points[row, 0], points[row, 1], image_id))
    for name, rows in waiting:
        row = _free_row(places, rows, (_text_width(name), LABEL_POINTS), 0.0, taken)
        if row is not None:
            spots.append(Spot(name, points[row, 0], points[row, 1], ""))
    return spots


def _text_width(name: str) -> float:
    return 4.3 * len(shorten(name, LABEL_LETTERS)) + 4


def _free_row(
    places: Float[np.ndarray, "images 2"],
    rows: Int[np.ndarray, " candidates"],
    box: tuple[float, float],
    below: float,
    taken: list[np.ndarray],
) -> int | None:
    """Takes the first of some images, from their middle outwards, around which a box is free.

    Args:
      places: of all images, in points.
      rows: the images that may be chosen.
      box: width and height.
      below: how far the box's centre lies below the image's place.
      taken: the boxes there are, to which the new one is added.
    """
    if not len(rows):
        return None
    middle = np.median(places[rows], axis=0)
    nearest = np.argsort(np.square(places[rows] - middle).sum(axis=1), kind="stable")
    half = np.array(box) / 2
    for row in rows[nearest[:TRIES]]:
        centre = places[row] - (0, below)
        if all((np.abs(other[:2] - centre) >= other[2:] + half).any() for other in taken):
            taken.append(np.concatenate([centre, half]))
            return int(row)
    return None
