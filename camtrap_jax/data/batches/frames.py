"""Decodes records to the shape that a batch needs, at a reduced scale where that is enough."""

from __future__ import annotations

import io
from collections import Counter

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image, UnidentifiedImageError

from camtrap_jax.data.records import RecordSource

Shape = tuple[int, int]  # height, width in px

_ALIGNMENT = 64  # bytes
_SAMPLE = 64  # records whose headers tell the shape of all
_LONGEST = 4  # a frame's sides are at most so many times as long as asked for
_DAMAGE = "Corrupted"  # how ArrayRecord begins what it says of bytes whose checksum is wrong


def read_frame(records: RecordSource, row: int, shape: Shape) -> UInt8[np.ndarray, "h w 3"]:
    """Reads a record and decodes it as `decode_frame` does.

    Raises:
      ValueError: it is damaged; one line.
      OSError: it cannot be read, which may be otherwise next time.
    """
    try:
        jpeg = records[row]["image"]
    except RuntimeError as error:  # ArrayRecord knows no other kind
        text = " ".join(str(error).split())
        raise (ValueError if text.startswith(_DAMAGE) else OSError)(text) from None
    try:
        return decode_frame(jpeg, shape)
    except UnidentifiedImageError:  # whose words hold an address in memory
        raise ValueError("not a JPEG, by its content") from None
    except (OSError, SyntaxError) as error:
        raise ValueError(" ".join(str(error).split()) or type(error).__name__) from None


def decode_frame(jpeg: bytes, shape: Shape) -> UInt8[np.ndarray, "h w 3"]:
    """Decodes a record and scales the whole frame to `shape`.

    Decodes at 1/2, 1/4 or 1/8 as long as no side falls below `shape`. The aspect ratio may change,
    so that no animal at the border is lost and relative boxes stay true.
    """
    height, width = shape
    size = (width, height)
    with _opened(jpeg) as image:
        image.draft("RGB", size)
        if image.size == size:
            return np.asarray(image)
        return np.asarray(image.resize(size, Image.Resampling.BILINEAR))


def empty_frames(count: int, shape: Shape) -> UInt8[np.ndarray, "count h w 3"]:
    """Returns black frames at an address from which a JAX device in memory takes them uncopied."""
    num_bytes = count * shape[0] * shape[1] * 3
    memory = np.zeros(num_bytes + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + num_bytes].reshape(count, *shape, 3)


def common_shape(records: RecordSource, rows: Int[np.ndarray, " images"], size_px: int) -> Shape:
    """Returns the shape that most records have once decoded at a reduced scale.

    To scale a frame costs as much as to decode it; frames that have this shape are not scaled, and
    crops are cut from all the pixels there are. Of ties, the smaller shape.

    Args:
      records: JPEG.
      rows: of which to judge by a sample; at least one.
      size_px: no side is shorter, and none longer than four times that.
    """
    places = np.linspace(0, len(rows) - 1, min(len(rows), _SAMPLE)).astype(int)
    counts = Counter(_reduced_shape(records[int(row)]["image"], size_px) for row in rows[places])
    shape = min(counts, key=lambda shape: (-counts[shape], shape))
    height, width = (min(max(side, size_px), _LONGEST * size_px) for side in shape)
    return height, width


def _reduced_shape(jpeg: bytes, size_px: int) -> Shape:
    with _opened(jpeg) as image:
        image.draft("RGB", (size_px, size_px))
        return image.height, image.width


def _opened(jpeg: bytes) -> Image.Image:
    return Image.open(io.BytesIO(jpeg), formats=("JPEG",))
