"""What a picture looks like in four numbers: a hash, its colour, its light, its information strip.

The hash tells one frame stored twice from two moments at one camera. It holds the signs of 256
coefficients of a discrete cosine transform, as in

    Zauner, C. Implementation and benchmarking of perceptual image hash functions. Diploma thesis,
    Upper Austria University of Applied Sciences, 2010 (its DCT hash, after Coskun and Sankur 2004).

Ours leaves out the 100 coarsest coefficients: they are the camera's view, which all its frames
share, so that with them a small animal changes few bits. The root of the grey values keeps a
flashlit animal from outweighing the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from PIL import Image
from scipy.fft import dctn

from camtrap_jax.data.decoding.strip import information_strip

INFRARED_BELOW = 0.04
"""Saturation below which a frame counts as infrared."""

_CELLS = 32  # a side of the grid that a frame is averaged to
_SKIPPED, _BITS = 100, 256
_FLAT = 1e-3  # below lies rounding, not structure
_DIAGONALS = np.add.outer(np.arange(_CELLS), np.arange(_CELLS)).ravel()
_COEFFICIENTS = np.argsort(_DIAGONALS, kind="stable")[_SKIPPED : _SKIPPED + _BITS]
_GREY = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601, as in JPEG


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a picture looks like.

    Attributes:
      phash: 64 hexadecimal digits; the fewer of their 256 bits differ, the more alike two pictures.
      saturation: 0 to 1; 0 where all is grey, as in infrared frames.
      brightness: mean grey value, 0 to 1.
      strip: fraction of the height that a plain bar with text takes at the bottom; 0 for none seen.
    """

    phash: str
    saturation: float
    brightness: float
    strip: float


def fingerprint(image: Image.Image, *, crop_bottom: float) -> Fingerprint:
    """Looks at a picture once.

    Args:
      image: upright, RGB, whole, of any size; its scale may be reduced.
      crop_bottom: fraction of the height that is cut off before all but the strip is measured.

    Returns:
      Its fingerprint. Saturation is taken once each channel is divided by its mean, so that an
      infrared frame that is tinted as a whole is grey, too: the largest less the smallest channel,
      summed over the picture, over the sum of the largest. So dark pixels, whose colour is the
      compression's, count little. A picture without any structure has a hash of zeros.
    """
    strip = information_strip(image)
    # Not rounded to whole rows: the same picture at another size has the same cells.
    part = (0.0, 0.0, image.width, image.height * (1 - crop_bottom))
    small = image.resize((_CELLS, _CELLS), Image.Resampling.BOX, box=part)
    cells = np.asarray(small, np.float32)
    # The strip's logo is no colour of the scene, and its black no darkness.
    scene = int(_CELLS * min(1.0, (1 - strip) / (1 - crop_bottom)))
    seen = cells[: max(1, scene)]
    return Fingerprint(
        phash=_cosine_hash(cells @ _GREY),
        saturation=round(_saturation(seen), 4),
        brightness=round(float((seen @ _GREY).mean()) / 255, 4),
        strip=round(strip, 4),
    )


def _cosine_hash(grey: Float[np.ndarray, "32 32"]) -> str:
    coefficients = np.asarray(dctn(np.sqrt(grey), norm="ortho")).ravel()
    return np.packbits(coefficients[_COEFFICIENTS] > _FLAT).tobytes().hex()


def _saturation(cells: Float[np.ndarray, "rows columns 3"]) -> float:
    balanced = cells / np.maximum(cells.mean(axis=(0, 1)), 1.0)
    red, green, blue = np.moveaxis(balanced, 2, 0)
    largest = np.maximum(np.maximum(red, green), blue)
    smallest = np.minimum(np.minimum(red, green), blue)
    total = float(largest.sum())
    return float((largest - smallest).sum()) / total if total else 0.0
