"""Day and night: infrared frames, hours, and clocks that contradict the light."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from camtrap_jax.data.decoding.fingerprint import INFRARED_BELOW

_NIGHT_FROM, _NIGHT_UNTIL = 18, 6  # hours
_DAYLIGHT = (8, 16)  # hours at which it is light in most places
_DARKNESS = (21, 4)  # hours at which it is dark in most places
_DOUBTFUL = 0.3  # share of contradictions from which on a clock is in doubt
_FEWEST = 5  # frames from which on a share says something


def day_and_night(images: pd.DataFrame, animals: pd.DataFrame) -> dict[str, Any]:
    """Tells how many frames are infrared, how many were taken at night, and whose clock is off.

    Args:
      images: all images, with `saturation` and `datetime`.
      animals: those of known and unknown species.

    Returns:
      `infrared`, the share of animals' images that are infrared; `night`, the share of their dated
      images taken from 18:00 until 06:00; `species` with both for each species, and its numbers of
      `images` and `dated` ones; `clocks_in_doubt`, the cameras with infrared frames in broad
      daylight or colour frames in the dead of night, by their clocks.
    """
    animals = _with_light(animals)
    species = {str(name): _shares(rows) for name, rows in animals.groupby("species")}
    clocks = _clocks_in_doubt(_with_light(images.drop_duplicates("filepath")))
    return {**_shares(animals), "species": species, "clocks_in_doubt": clocks}


def light_of(images: pd.DataFrame) -> pd.Series:
    """Tells of each image whether it was taken by "day" or at "night", or that it is "unknown".

    The picture decides where it can: an infrared frame is of the night, and a frame in colour of
    the day where its camera takes infrared ones. A camera that takes none has a white flash, or
    took nothing at night: there the clock decides, night being from 18:00 until 06:00.

    Args:
      images: columns `camera`, `datetime` ("" where it is not known) and `saturation` (nan
        likewise); all frames of each camera, since its other ones tell how it works.

    Returns:
      One word an image, with the index of `images`.
    """
    seen = _with_light(images)
    takes_infrared = seen["is_infrared"].groupby(seen["camera"]).transform("any")
    takes_infrared &= seen["camera"] != ""
    by_picture = seen["is_infrared"] | (takes_infrared & seen["saturation"].notna())
    hour = seen["hour"]
    at_night = seen["is_infrared"].where(by_picture, (hour >= _NIGHT_FROM) | (hour < _NIGHT_UNTIL))
    words = np.where(at_night, "night", "day")
    known = by_picture | hour.notna()
    return pd.Series(np.where(known, words, "unknown"), images.index)


def _with_light(images: pd.DataFrame) -> pd.DataFrame:
    times = pd.to_datetime(images["datetime"], errors="coerce", format="ISO8601")
    hour = (times.dt.hour + times.dt.minute / 60).to_numpy(np.float64)
    is_infrared = images["saturation"].to_numpy(np.float64) < INFRARED_BELOW
    return images.assign(hour=hour, is_infrared=is_infrared)


def _shares(images: pd.DataFrame) -> dict[str, Any]:
    hour = images["hour"].to_numpy(np.float64)
    hour = hour[~np.isnan(hour)]
    infrared = images["is_infrared"].to_numpy(np.float64)
    return {
        "images": len(images),
        "dated": len(hour),
        "infrared": float(infrared.mean()) if len(infrared) else None,
        "night": _share_within(hour, _NIGHT_FROM, _NIGHT_UNTIL) if len(hour) else None,
    }


def _clocks_in_doubt(files: pd.DataFrame) -> list[dict[str, Any]]:
    """Lists cameras by their contradictions.

    A camera without infrared frames has a white flash, or none: its colours say nothing.
    """
    dated = files.loc[files["hour"].notna() & (files["camera"] != "")]
    doubtful = []
    for camera, frames in dated.groupby("camera"):
        hour, is_infrared = frames["hour"].to_numpy(), frames["is_infrared"].to_numpy()
        infrared, colour = hour[is_infrared], hour[~is_infrared]
        if len(infrared) < _FEWEST:
            continue
        by_day = _share_within(infrared, *_DAYLIGHT)
        by_night = _share_within(colour, *_DARKNESS) if len(colour) >= _FEWEST else 0.0
        if max(by_day, by_night) >= _DOUBTFUL:
            doubtful.append(
                {
                    "camera": str(camera),
                    "images": len(frames),
                    "infrared": len(infrared),
                    "infrared_by_day": by_day,
                    "colour_at_night": by_night,
                    "infrared_around": _middle(infrared),
                }
            )
    return doubtful


def _share_within(hour: Float[np.ndarray, " images"], start: float, end: float) -> float:
    after, before = hour >= start, hour < end
    return float((after & before if start < end else after | before).mean())


def _middle(hour: Float[np.ndarray, " images"]) -> str:
    """Returns the mean time of day on the circle of 24 hours, as "hh:mm"."""
    turn = np.exp(2j * np.pi * hour / 24).mean()
    minutes = round(float(np.angle(turn)) / (2 * np.pi) * 1440) % 1440
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
