"""The patches of the top units as pictures."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pandas as pd
from PIL import Image

from camtrap_jax.data.batches.pipeline import read_pixels
from camtrap_jax.run_folder import DatasetFolder

THREADS = 8  # decoding images leaves Python's lock
SLUG_LENGTH = 60


def patch_name(slug: str, rank: int, patch: int) -> str:
    """File name of a patch: `<species>_<rank>_<patch>.png`."""
    return f"{slug}_{rank}_{patch}.png"


def species_slugs(classes: Sequence[str]) -> dict[str, str]:
    """Names each species in characters that every file system takes, all of them different.

    Lower-case ASCII letters and digits joined by hyphens; a name without any is `species`, and
    a name that is taken gets a number.
    """
    slugs: dict[str, str] = {}
    for species in classes:
        ascii_name = unicodedata.normalize("NFKD", species).encode("ascii", "ignore").decode()
        plain = re.sub(r"[^a-z0-9]+", "-", ascii_name.lower()).strip("-")[:SLUG_LENGTH]
        slug, number = plain or "species", 1
        while slug in slugs.values():
            number += 1
            slug = f"{plain or 'species'}-{number}"
        slugs[species] = slug
    return slugs


def write_patches(
    folder: Path, patches: pd.DataFrame, dataset: DatasetFolder, *, image_px: int
) -> None:
    """Cuts every patch of the table out of the network's input, each image being read once."""
    folder.mkdir()
    slugs = species_slugs(dataset.classes)
    positions = dict(zip(dataset.manifest["image_id"], range(len(dataset.manifest)), strict=True))

    def write_image(image_id: str, of_image: pd.DataFrame) -> None:
        pixels = read_pixels(dataset, positions[image_id], image_px)
        for row in of_image.to_dict("records"):
            x, y, size = row["x"], row["y"], row["size"]
            name = patch_name(slugs[row["species"]], row["rank"], row["patch"])
            Image.fromarray(pixels[y : y + size, x : x + size]).save(folder / name)

    with ThreadPoolExecutor(THREADS) as pool:
        # list() raises what a thread raised.
        list(pool.map(write_image, *zip(*patches.groupby("image_id"), strict=True)))
