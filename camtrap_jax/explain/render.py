"""Turns heatmaps and saliencies into pictures; computes no explanation.

Stored maps are raw. What is done to them for the eye (scaling, clipping, colour) happens here and
nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

COLORMAP = "inferno"  # perceptually even, safe for colour-blind readers
MAX_ALPHA = 0.7  # of the colour over the hottest pixel
SALIENCY_PERCENTILE = 99.5  # of |value|; a few extreme pixels would turn the rest grey


def upsample(
    heatmap: Float[np.ndarray, "rows columns"], height: int, width: int
) -> Float[np.ndarray, "height width"]:
    """Enlarges a heatmap bilinearly with half-pixel centres; the border is continued outwards.

    Pillow's BILINEAR is that for enlarging; for shrinking it averages over the source pixels.
    """
    source = Image.fromarray(np.ascontiguousarray(heatmap, np.float32))
    return np.asarray(source.resize((width, height), Image.Resampling.BILINEAR))


def overlay(
    pixels: UInt8[np.ndarray, "height width 3"], heatmap: Float[np.ndarray, "rows columns"]
) -> UInt8[np.ndarray, "height width 3"]:
    """Lays a heatmap over an image; the colour is as opaque as the map is hot.

    Values are divided by the map's maximum, so overlays of two images do not compare in strength.
    Values below zero or not finite count as zero; a map without heat leaves the image as it is.
    """
    heat = np.maximum(_finite(heatmap), 0.0)
    heat = upsample(heat / (heat.max() or 1.0), *pixels.shape[:2])
    # float32 interpolation may pass 1 by a rounding error.
    heat = np.clip(heat, 0.0, 1.0)
    color = mpl.colormaps[COLORMAP](heat)[..., :3] * 255.0
    alpha = MAX_ALPHA * heat[..., None]
    return _uint8((1.0 - alpha) * pixels + alpha * color)


def saliency_image(
    saliency: Float[np.ndarray, "height width 3"],
) -> UInt8[np.ndarray, "height width 3"]:
    """Draws a signed saliency with zero as middle grey.

    The 99.5th percentile of the magnitudes reaches black or white; where that is zero (fewer than
    one value in 200 differs from it) the maximum does. Values that are not finite count as zero.
    """
    values = _finite(saliency)
    magnitudes = np.abs(values)
    scale = np.percentile(magnitudes, SALIENCY_PERCENTILE) or magnitudes.max() or 1.0
    return _uint8(127.5 + 127.5 * np.clip(values / scale, -1.0, 1.0))


def resize(
    pixels: UInt8[np.ndarray, "rows columns 3"], height: int, width: int
) -> UInt8[np.ndarray, "height width 3"]:
    """Scales a picture for display."""
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC))


def panel(
    pictures: Sequence[UInt8[np.ndarray, "height _ 3"]], *, gap_px: int = 4, gap_value: int = 255
) -> UInt8[np.ndarray, "height width 3"]:
    """Sets pictures of one height side by side, `gap_px` apart.

    Raises:
      ValueError: there are none, or their heights differ.
    """
    heights = {picture.shape[0] for picture in pictures}
    if len(heights) != 1:
        raise ValueError(f"panel: expected pictures of one height, got heights {sorted(heights)}")
    gap = np.full((heights.pop(), gap_px, 3), gap_value, np.uint8)
    pieces = [piece for picture in pictures for piece in (gap, picture)]
    return np.concatenate(pieces[1:], axis=1)


def _finite(values: np.ndarray) -> np.ndarray:
    """Returns float64 (float16 overflows at 65,504), with 0 for what is not finite."""
    return np.nan_to_num(np.asarray(values, np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _uint8(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)
