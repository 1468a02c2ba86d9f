"""Turns the bytes of any picture into the small upright JPEG that is kept."""

from __future__ import annotations

import contextlib
import io
import threading
from dataclasses import dataclass

import numpy as np
from PIL import Image

from camtrap_jax.data.boxes import kept_height
from camtrap_jax.data.sources.time_spellings import parse_exif_time

# Recognised by content. Nothing else is tried: some of Pillow's formats start other programs.
_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
_MAX_PIXELS = 89_000_000  # where Pillow, too, begins to suspect a decompression bomb
# Threads unpack pictures beyond this one after another, so that memory does not grow with their
# number.
_LARGE_PIXELS = 16_000_000
_one_large_picture = threading.Lock()
_MAX_EXIF_BYTES = 65533  # of a JPEG segment
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
      exif: the EXIF block for the upright picture, empty where there is none or it is damaged.
    """

    image: Image.Image
    size: tuple[int, int]
    orientation: int
    datetime: str
    exif: bytes


def decode_image(data: bytes, *, smallest_side_px: int | None = None) -> Picture:
    """Decodes the first frame of a picture, whole and upright.

    Args:
      data: the file's bytes.
      smallest_side_px: a JPEG may be decoded at 1/2, 1/4 or 1/8, and a very large picture be
        reduced, as long as no side falls below.

    Raises:
      ValueError: no picture, damaged, truncated, or too large; one line without the file's name.
    """
    if not data:
        raise ValueError("an empty file (0 bytes)")
    try:
        return _decode(data, smallest_side_px)
    except Image.UnidentifiedImageError:
        raise ValueError(f"not a picture, by its content{_other_kind(data)}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ValueError(f"more than {_MAX_PIXELS} pixels; refused") from None
    # Damaged files make Pillow's decoders raise almost anything; none may stop the others.
    except Exception as error:
        reason = " ".join(str(error).split())[:200]
        raise ValueError(reason or type(error).__name__) from None


def make_jpeg(
    image: Image.Image, *, crop_bottom: float, short_side: int, exif: bytes = b""
) -> bytes:
    """Encodes a picture as it is kept: small, without its strip and its metadata.

    Args:
      image: RGB.
      crop_bottom: fraction of the height that is cut off.
      short_side: the largest short side in px; a smaller picture keeps its size.
      exif: a block to keep; empty for none.
    """
    image = image.crop((0, 0, image.width, kept_height(image.height, crop_bottom)))
    scale = short_side / min(image.size)
    if scale < 1:
        width, height = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    clean = Image.new("RGB", image.size)
    clean.paste(image)
    stream = io.BytesIO()
    clean.save(stream, "JPEG", quality=95, exif=exif)
    return stream.getvalue()


def _other_kind(data: bytes) -> str:
    """Names what else is often found among pictures."""
    if data[4:8] == b"ftyp":
        is_heif = data[8:12] in (b"heic", b"heix", b"mif1", b"avif")
        return ": HEIF, which is to be converted to JPEG" if is_heif else ": a video"
    kinds = {b"RIFF": ": a video or sound", b"%PDF": ": PDF", b"PK\3\4": ": a zip archive"}
    return kinds.get(data[:4], "")


def _decode(data: bytes, smallest_side_px: int | None) -> Picture:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        width, height = image.size
        if width * height > _MAX_PIXELS:
            raise Image.DecompressionBombError
        orientation, moment, exif = _exif(image)
        if smallest_side_px is not None:
            image.draft(None, (smallest_side_px, smallest_side_px))
        is_large = image.width * image.height > _LARGE_PIXELS
        with _one_large_picture if is_large else contextlib.nullcontext():
            image.load()
            upright = _rgb(image)
            if is_large and smallest_side_px is not None:
                upright = upright.reduce(max(1, min(upright.size) // smallest_side_px))
    if orientation in _UPRIGHT:
        upright = upright.transpose(_UPRIGHT[orientation])
    size = (height, width) if orientation >= 5 else (width, height)
    return Picture(image=upright, size=size, orientation=orientation, datetime=moment, exif=exif)


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode in ("I", "I;16", "I;16B", "I;16L"):  # 16 bits a pixel
        values = np.asarray(image).clip(0, 65535) >> 8
        return Image.fromarray(values.astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        raise ValueError("pixels are floating-point numbers; expected 8 or 16 bits")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        opaque = Image.new("RGBA", image.size, (0, 0, 0, 255))
        return Image.alpha_composite(opaque, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB")


def _exif(image: Image.Image) -> tuple[int, str, bytes]:
    """Reads orientation (1 to 8), time, and the block itself; a damaged one counts as none."""
    try:
        exif = image.getexif()
        orientation = exif.get(_ORIENTATION)
        times = (exif.get_ifd(_EXIF_FOLDER).get(_DATETIME_ORIGINAL), exif.get(_DATETIME))
    # Pillow parses EXIF without catching what a damaged block raises, which may be anything.
    except Exception:
        return 1, "", b""
    moment = next(filter(None, map(parse_exif_time, times)), "")
    return (orientation if orientation in _UPRIGHT else 1), moment, _exif_block(exif)


def _exif_block(exif: Image.Exif) -> bytes:
    """Writes the block for a picture that was turned upright; empty where it cannot be written."""
    if not exif:
        return b""
    exif[_ORIENTATION] = 1
    try:
        block = exif.tobytes()
    except Exception:  # values that Pillow reads, but cannot write
        return b""
    return block if len(block) <= _MAX_EXIF_BYTES else b""
