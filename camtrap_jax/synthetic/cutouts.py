"""Real animals on real backgrounds: RGBA pictures and photographs instead of drawings."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from camtrap_jax.synthetic.figures.canvas import Sprite

PICTURES = {".png", ".webp", ".tif", ".tiff"}
PHOTOGRAPHS = {".jpg", ".jpeg", ".png", ".webp"}
LEAST_KNOWN = 4
"""Two species are tied to a camera, two more share a frame."""


@dataclass(frozen=True, slots=True)
class Cutout:
    """A species that a folder of cut-outs shows.

    Attributes:
        role: 'known' or 'unknown'.
        paths: Its pictures.
    """

    role: str
    paths: tuple[str, ...]


def read_cutouts(folder: Path) -> dict[str, Cutout]:
    """Lists the species of a folder of cut-outs, known ones first.

    `known/` and `unknown/` give the roles; a picture is a species named by its stem; any other
    folder is a species with several pictures. Underscores in names become spaces.

    Raises:
        ValueError: The folder does not exist or holds no picture with transparency.
    """
    if not folder.is_dir():
        raise ValueError(
            f"--sprites={folder}: not a folder; give one that holds RGBA pictures (PNG with "
            "transparency), one per species"
        )
    groups = [
        (role, folder / role) for role in ("known", "unknown") if (folder / role).is_dir()
    ] or [("known", folder)]
    species: dict[str, Cutout] = {}
    for role, group in groups:
        for entry in sorted(group.iterdir()):
            paths = sorted(entry.iterdir()) if entry.is_dir() else [entry]
            paths = [path for path in paths if path.suffix.lower() in PICTURES and _has_alpha(path)]
            if paths:
                name = (entry.name if entry.is_dir() else entry.stem).replace("_", " ")
                species[name] = Cutout(role, tuple(str(path) for path in paths))
    known = sum(cutout.role == "known" for cutout in species.values())
    if known < LEAST_KNOWN:
        raise ValueError(
            f"--sprites={folder}: {known} known species with RGBA pictures, expected at least "
            f"{LEAST_KNOWN}; put one PNG with transparency per species there, named after it"
        )
    return species


def _has_alpha(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    except OSError:
        return False


def read_sprite(path: str, *, width_px: int) -> Sprite:
    """The cut-out as a sprite, trimmed, at most `width_px` on its longer side, all of it part 1."""
    with Image.open(path) as source:
        image = source.convert("RGBA")
    box = image.getchannel("A").point([255 * (alpha > 40) for alpha in range(256)]).getbbox()
    if box is None:
        raise ValueError(
            f"{path}: the picture is wholly transparent; give one that shows the animal"
        )
    image = image.crop(box)
    image.thumbnail((width_px, width_px), Image.Resampling.BOX)
    parts = (np.asarray(image.getchannel("A")) > 127).astype(np.uint8)
    return Sprite(image, parts)


def read_backgrounds(folder: Path) -> list[str]:
    """Photographs of a folder, sorted.

    Raises:
        ValueError: The folder does not exist or holds no photograph.
    """
    if not folder.is_dir():
        raise ValueError(
            f"--backgrounds={folder}: not a folder; give one that holds photographs (JPEG or "
            "PNG) without animals"
        )
    paths = sorted(str(path) for path in folder.iterdir() if path.suffix.lower() in PHOTOGRAPHS)
    if not paths:
        raise ValueError(
            f"--backgrounds={folder}: no photographs (JPEG or PNG) in this folder; put at "
            "least one there"
        )
    return paths


def crop_background(path: str, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """One camera's view: a random crop of a photograph, perhaps flipped, with a tone of its own."""
    with Image.open(path) as source:
        source.draft("RGB", (2 * size[0], 2 * size[1]))
        image = ImageOps.exif_transpose(source).convert("RGB")
    ratio = min(image.width / size[0], image.height / size[1]) * rng.uniform(0.62, 0.95)
    width, height = int(size[0] * ratio), int(size[1] * ratio)
    left = int(rng.integers(image.width - width + 1))
    top = int(rng.integers(image.height - height + 1))
    view = image.resize(size, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))
    if rng.random() < 0.5:
        view = ImageOps.mirror(view)
    tone = rng.uniform(0.88, 1.08) * rng.uniform(0.95, 1.05, 3)
    return Image.fromarray(np.clip(np.asarray(view) * tone, 0, 255).astype(np.uint8))
