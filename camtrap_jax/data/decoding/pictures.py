"""One source file: read, judged, measured and shrunk to the JPEG that is kept."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass

from camtrap_jax.config import DataConfig
from camtrap_jax.data.decoding.fingerprint import fingerprint
from camtrap_jax.data.decoding.images import decode_image, make_jpeg
from camtrap_jax.data.sources import Failure
from camtrap_jax.data.sources.storage import Storage

CANNOT_BE_OPENED = "cannot be opened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What a readable file shows, whatever its label; a row of `pictures.csv`.

    Attributes:
      filepath: relative to the source, with "/".
      num_bytes: size of the file.
      modified_ns: time of the file's last change.
      width: of the upright picture at full scale, in px.
      height: likewise.
      orientation: EXIF orientation, 1 to 8.
      datetime: "YYYY-MM-DD hh:mm:ss" from EXIF, or empty.
      sha256: of the file's bytes.
      phash: perceptual hash of what is kept, 64 hexadecimal digits.
      saturation: mean, 0 to 1; infrared frames are grey.
      brightness: mean, 0 to 1.
      strip: fraction of the height that an information strip takes; 0 for none.
      jpeg_crc32: checksum of the JPEG that is kept, which ties it to the file.
    """

    filepath: str
    num_bytes: int
    modified_ns: int
    width: int
    height: int
    orientation: int
    datetime: str
    sha256: str
    phash: str
    saturation: float
    brightness: float
    strip: float
    jpeg_crc32: int


def read_picture(
    storage: Storage, config: DataConfig, filepath: str
) -> tuple[Measured, bytes] | Failure:
    """Decodes, measures and shrinks one picture.

    Args:
      storage: what the source's files are read from.
      config: how much is cut off and how small the picture becomes.
      filepath: of the file.

    Returns:
      What was measured, and the JPEG; or why there are none.
    """
    try:
        num_bytes, modified_ns = storage.stamp(filepath)
        data = storage.read(filepath)
        # The side that is cut must still be long enough afterwards.
        side = round(config.short_side / (1 - config.crop_bottom))
        picture = decode_image(data, smallest_side_px=side)
        jpeg = make_jpeg(
            picture.image,
            crop_bottom=config.crop_bottom,
            short_side=config.short_side,
            exif=picture.exif if config.keep_exif else b"",
        )
        marks = fingerprint(picture.image, crop_bottom=config.crop_bottom)
    except OSError as error:
        return Failure(filepath, f"{CANNOT_BE_OPENED}: {error.strerror or error}")
    except ValueError as error:
        return Failure(filepath, str(error))
    measured = Measured(
        filepath=filepath,
        num_bytes=num_bytes,
        modified_ns=modified_ns,
        width=picture.size[0],
        height=picture.size[1],
        orientation=picture.orientation,
        datetime=picture.datetime,
        sha256=hashlib.sha256(data).hexdigest(),
        phash=marks.phash,
        saturation=marks.saturation,
        brightness=marks.brightness,
        strip=marks.strip,
        jpeg_crc32=zlib.crc32(jpeg),
    )
    return measured, jpeg
