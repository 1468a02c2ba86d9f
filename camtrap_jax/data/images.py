"""Turns the bytes of any picture into the small upright JPEG that is kept."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from PIL import Image

from camtrap_jax.data.boxes import kept_height

# Recognised by content. Nothing else is tried: some of Pillow's formats start other programs.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
_MAX_PIXELS = 89_000_000  # where Pillow, too, begins to suspect a decompression bomb
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_ORIENTATION, _DATETIME, _EXIF_FOLDER, _DATETIME_ORIGINAL = 0x0112, 0x0132, 0x8769, 0x9003


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A decoded picture.

    Attributes:
      image: upright, RGB; its scale may be reduced.
      size: (width, height) in px of the upright picture at full scale.
      orientation: EXIF orientation, 1 to 8; 1 where there is none.
      datetime: "YYYY-MM-DD hh:mm:ss" from EXIF, empty where there is none.
    """

    image: Image.Image
    size: tuple[int, int]
    orientation: int
    datetime: str


def decode_image(data: bytes, *, smallest_side_px: int | None = None) -> Picture:
    """Decodes the first frame of a picture, whole and upright.

    Args:
      data: the file's bytes.
      smallest_side_px: a JPEG may be decoded at 1/2, 1/4 or 1/8, as long as no side falls below.

    Raises:
      ValueError: no picture, damaged, truncated, or too large; one line without the file's name.
    """
    if not data:
        raise ValueError("an empty file (0 bytes)")
    try:
        return _decode(data, smallest_side_px)
    except Image.UnidentifiedImageError:
        raise ValueError("not a picture, by its content") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(f"more than {_MAX_PIXELS} pixels; refused") from None
    # Damaged files make Pillow's decoders raise almost anything; none may stop the others.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(reason or type(error).__name__) from None


def make_jpeg(image: Image.Image, *, crop_bottom: float, short_side: int) -> bytes:
    """Encodes a picture as it is kept: without its bottom strip, small, without metadata.

    Args:
      image: RGB.
      crop_bottom: fraction of the height that is cut off.
      short_side: the largest short side in px; a smaller picture keeps its size.
    """
    image = image.crop((0, 0, image.width, kept_height(image.height, crop_bottom)))
    scale = short_side / min(image.size)
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    stream = io.BytesIO()
    clean.save(stream, "JPEG", quality=95)
    return stream.getvalue()


def _decode(data: bytes, smallest_side_px: int | None) -> Picture:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        width, height = image.size
        if width * height > _MAX_PIXELS:
            raise Image.DecompressionBombError
        orientation, moment = _exif(image)
        if smallest_side_px is not None:
            image.draft(None, (smallest_side_px, smallest_side_px))
        image.load()
        upright = _rgb(image)
    if orientation in _UPRIGHT:
        upright = upright.transpose(_UPRIGHT[orientation])
    size = (height, width) if orientation >= 5 else (width, height)
    return Picture(image=upright, size=size, orientation=orientation, datetime=moment)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "I;16", "I;16B", "I;16L"):  # 16 bits a pixel
        values = np.asarray(image).astype(np.int64).clip(0, 65535) >> 8
        return Image.fromarray(values.astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise ValueError("pixels are floating-point numbers; expected 8 or 16 bits")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        opaque = Image.new("RGBA", image.size, (0, 0, 0, 255))
        return Image.alpha_composite(opaque, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _exif(image: Image.Image) -> tuple[int, str]:
    """Reads orientation (1 to 8) and time; a damaged block counts as none."""
    try:
        exif = image.getexif()
        orientation = exif.get(_ORIENTATION)
        times = (exif.get_ifd(_EXIF_FOLDER).get(_DATETIME_ORIGINAL), exif.get(_DATETIME))
    # Pillow parses EXIF without catching what a damaged block raises, which may be anything.
    except Exception:
        return 1, ""
    moment = next(filter(None, map(_exif_datetime, times)), "")
    return (orientation if orientation in _UPRIGHT else 1), moment


def _exif_datetime(value: object) -> str:
    text = str(value or "").strip("\0 ")
    try:
        return datetime.strptime(text, "%Y:%m:%d %H:%M:%S").isoformat(" ", "seconds")
    except ValueError:
        return ""
