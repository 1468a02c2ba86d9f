"""PNG masks: a pixel is marked where it is not black, or not transparent."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Int
from PIL import Image

from camtrap_jax.human.marks.entry import Entry
from camtrap_jax.human.marks.shapes import Drawing, Painted

PICTURES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".bmp", ".webp")


def png_entry(folder: Path, file: Path) -> Entry:
    """Lists a mask, which is named after its picture."""
    path = file.relative_to(folder)
    inner = path.with_suffix("")  # some programs append .png to the picture's name
    names = [path, inner] if inner.suffix.lower() in PICTURES else [path]
    return Entry(str(file), tuple(name.as_posix() for name in names), partial(_read, file))


def _read(file: Path) -> Drawing:
    try:
        with Image.open(file, formats=("PNG",)) as image:
            pixels = _marked(image)
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(
            f"{file}: expected a PNG mask, got a file that cannot be read ({error})"
        ) from None
    return Drawing(str(file), (pixels.shape[1], pixels.shape[0]), (Painted(pixels),))


def _marked(image: Image.Image) -> Bool[np.ndarray, "height width"]:
    """Tells which pixels count; colours decide where nothing is transparent, else opacity does."""
    values = np.asarray(image)  # of a palette, the numbers of its colours
    if image.mode == "P":
        _check_palette(image, np.unique(values))
    if values.ndim == 2:
        return values != 0
    if image.mode in ("LA", "RGBA"):
        opacity, values = values[..., -1], values[..., :-1]
        if opacity.min() < 255:
            return opacity != 0
    return (values != 0).any(-1)


def _check_palette(image: Image.Image, used: Int[np.ndarray, " numbers"]) -> None:
    """Refuses a palette of which it is unclear whether its numbers or its colours count.

    Where number 0 is bright and another black, programs that store labels mean that 0 is nothing,
    and programs that save few colours that black is.
    """
    colours = np.array(image.getpalette() or [], np.uint8).reshape(-1, 3)
    is_black = {int(number): not colours[number].any() for number in used if number < len(colours)}
    if not is_black.get(0, True) and any(is_black.values()):
        raise ValueError(
            "its palette has a bright colour 0 and black elsewhere, so that it is unclear what is "
            "marked; save it in greyscale, with 0 where nothing is"
        )
