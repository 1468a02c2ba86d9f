"""Boxes of animals, moved from a source's pixels to the picture that is kept."""

from __future__ import annotations

import math

from camtrap_jax.data.sources.listing import Box

# EXIF orientations that swap width and height: where a stored point lies once upright.
_TURNED = {
    5: lambda x, y: (y, x),
    6: lambda x, y: (1 - y, x),
    7: lambda x, y: (1 - y, 1 - x),
    8: lambda x, y: (y, 1 - x),
}


def kept_box(
    box: Box,
    frame: tuple[float, float],
    *,
    size: tuple[int, int],
    orientation: int,
    crop_bottom: float,
) -> Box | None:
    """Returns the box relative to the upright picture without its bottom strip.

    Boxes refer to the picture as it is seen. Only where `frame` is the size of the stored pixels of
    a picture that is turned by 90 degrees, the box is turned with it.

    Args:
      box: x, y, width, height in px of `frame`.
      frame: (width, height) that the box refers to.
      size: (width, height) in px of the upright picture.
      orientation: EXIF orientation, 1 to 8.
      crop_bottom: fraction of the height that is cut off, as `kept_height` rounds it.

    Returns:
      x, y, width, height in [0, 1], clipped; None where nothing of the box is left.
    """
    x, y = box[0] / frame[0], box[1] / frame[1]
    corners = [(x, y), (x + box[2] / frame[0], y + box[3] / frame[1])]
    stored_landscape = frame[0] > frame[1]
    if orientation in _TURNED and stored_landscape != (size[0] > size[1]):
        corners = [_TURNED[orientation](*corner) for corner in corners]
    kept = kept_height(size[1], crop_bottom) / size[1]
    xs = sorted(min(max(corner[0], 0.0), 1.0) for corner in corners)
    ys = sorted(min(max(corner[1] / kept, 0.0), 1.0) for corner in corners)
    width, height = xs[1] - xs[0], ys[1] - ys[0]
    return (xs[0], ys[0], width, height) if width > 0 and height > 0 else None


def kept_height(height: int, crop_bottom: float) -> int:
    """Returns the height in px, at least 1, that is left above the strip."""
    return max(1, height - math.floor(height * crop_bottom + 0.5))


def format_box(box: Box | None) -> str:
    """Writes a box as the manifest does: `x,y,w,h`, empty for None."""
    return "" if box is None else ",".join(f"{value:.6g}" for value in box)


def read_box(text: str) -> Box | None:
    """Reads what `format_box` writes.

    Raises:
      ValueError: the text is not four numbers.
    """
    if not text:
        return None
    parts = text.split(",")
    if len(parts) != 4:
        raise ValueError(f"bbox: expected x,y,w,h or nothing, got {text!r}")
    return float(parts[0]), float(parts[1]), float(parts[2]), float(parts[3])
