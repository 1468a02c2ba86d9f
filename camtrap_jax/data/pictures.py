"""Reads one picture of a source into its row of the manifest and the JPEG that is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from camtrap_jax.config import DataConfig
from camtrap_jax.data.boxes import format_box, kept_box
from camtrap_jax.data.images import decode_image, make_jpeg
from camtrap_jax.data.manifest import image_id
from camtrap_jax.data.sources import Failure, SourceImage

_MAX_BYTES = 256 * 1024 * 1024  # beyond lies video, never a frame of a camera trap


def read_picture(
    root: Path, config: DataConfig, entry: SourceImage
) -> tuple[dict[str, Any], bytes] | Failure:
    """Decodes and shrinks one picture.

    Args:
      root: folder of the source.
      config: how much is cut off and how small the picture becomes.
      entry: what the source says about it.

    Returns:
      The manifest's columns except role and split, and the JPEG; or why there are none.
    """
    path = root / entry.filepath
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ValueError(f"larger than {_MAX_BYTES // 2**20} MiB")
        data = path.read_bytes()
        # The side that is cut must still be long enough afterwards.
        side = round(config.short_side / (1 - config.crop_bottom))
        picture = decode_image(data, smallest_side_px=side)
        jpeg = make_jpeg(
            picture.image, crop_bottom=config.crop_bottom, short_side=config.short_side
        )
    except OSError as error:
        return Failure(entry.filepath, f"cannot be opened: {error.strerror or error}")
    except ValueError as error:
        return Failure(entry.filepath, str(error))
    box = entry.box and kept_box(
        entry.box,
        entry.box_frame or picture.size,
        size=picture.size,
        orientation=picture.orientation,
        crop_bottom=config.crop_bottom,
    )
    row = {
        "image_id": image_id(entry.filepath, entry.species),
        "filepath": entry.filepath,
        "species": entry.species,
        "camera": entry.camera,
        "sequence": entry.sequence,
        "frame": entry.frame,
        "datetime": entry.datetime or picture.datetime,
        "width": picture.size[0],
        "height": picture.size[1],
        "sha256": hashlib.sha256(data).hexdigest(),
        "bbox": format_box(box),
    }
    return row, jpeg
