"""Whether the cameras print an information strip, and whether enough is cut off."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

_FEWEST = 5  # pictures from which on a share says something
_MOST = 0.5  # share of a camera's pictures with a strip from which on it prints one
_RARE = 0.05  # share of all pictures below which there is no strip
_ALIKE = 0.01  # fraction of the height that cameras' strips may differ by
_ROUNDING = 0.005  # fraction of the height that a strip is measured to


def information_strips(images: pd.DataFrame, *, crop_bottom: float) -> dict[str, Any]:
    """Compares the strips that were seen with what is cut off.

    A strip names the camera and the time: a network can read both.

    Args:
      images: all images, with `strip` and `camera`.
      crop_bottom: fraction of the height that is cut off.

    Returns:
      `pictures`; `share` of them with a strip, and its `median` height (None where there is none);
      `cameras` that print one, by name, with the same two, where they differ from one another;
      `needed`, the height of the highest camera's; `crop_bottom`; `covered`, whether that is
      enough; and `advice`, a sentence, or "".
    """
    files = images.drop_duplicates("filepath")
    heights = files["strip"].to_numpy(np.float64)
    seen = heights[heights > 0]
    share = len(seen) / max(len(files), 1)
    cameras = _of_cameras(files)
    medians = [entry["median"] for entry in cameras.values()]
    if not medians and share >= _MOST:
        medians = [float(np.median(seen))]  # there are no cameras, or each has few pictures
    needed = max(medians, default=0.0)
    differ = max(medians, default=0.0) - min(medians, default=0.0) > _ALIKE
    return {
        "pictures": len(files),
        "share": share,
        "median": float(np.median(seen)) if len(seen) else None,
        "cameras": cameras if differ else {},
        "needed": needed,
        "crop_bottom": crop_bottom,
        "covered": needed <= crop_bottom + _ROUNDING,
        "advice": _advice(needed, share, crop_bottom),
    }


def _of_cameras(files: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Describes the cameras most of whose pictures have a strip."""
    found = {}
    for camera, strips in files.loc[files["camera"] != ""].groupby("camera")["strip"]:
        heights = np.asarray(strips, np.float64)
        seen = heights[heights > 0]
        if len(strips) >= _FEWEST and len(seen) >= _MOST * len(strips):
            share, median = len(seen) / len(strips), float(np.median(seen))
            found[str(camera)] = {"pictures": len(strips), "share": share, "median": median}
    return found


def _advice(needed: float, share: float, crop_bottom: float) -> str:
    enough = math.ceil(100 * needed - 1e-6) / 100
    if needed > crop_bottom + _ROUNDING:
        cut = f"only {_percent(crop_bottom)} is" if crop_bottom else "nothing is"
        return (
            f"the information strip takes {_percent(needed)} of the height and {cut} cut off: "
            f"prepare with --crop_bottom={enough:.2f}, or a network can read camera and time"
        )
    if share < _RARE and crop_bottom:
        return (
            "hardly any picture has an information strip, yet the lowest "
            f"{_percent(crop_bottom)} of all are cut off: --crop_bottom=0 keeps them"
        )
    return ""


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
