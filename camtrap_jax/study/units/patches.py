"""The patches of the top units: a table, and pictures of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from camtrap_jax import units
from camtrap_jax.config import Config
from camtrap_jax.data.batches.pipeline import read_pixels
from camtrap_jax.data.boxes import kept_height
from camtrap_jax.data.sources import Failure
from camtrap_jax.report.sheets import contact_sheet, stacked
from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.store import read_json
from camtrap_jax.study.originals import open_originals
from camtrap_jax.study.units.information import Sample

THREADS = 8  # decoding images leaves Python's lock
SLUG_LENGTH = 60
COLUMNS = ["species", "rank", "unit", "patch", "image_id", "x", "y", "size", "response", "camera"]


def patch_table(run: RunFolder, config: Config, sample: Sample, top: np.ndarray) -> pd.DataFrame:
    """The hottest images of each top unit; an image on which the unit is silent shows no patch.

    `COLUMNS`, and `burst`, the number of the image's burst as text. Where the settings ask for one
    patch a burst, it is that of the burst's hottest frame.
    """
    cells = run.rows("unit_cell", sample.rows)
    map_height, map_width = read_json(run.root / "explain" / "explain.json")["map_shape"]
    index = run.index.set_index("row").loc[sample.rows]
    shown = ~index["image_id"].isin(list(run.hidden)).to_numpy()
    tables = []
    for label, species in enumerate(run.dataset.classes):
        own = np.flatnonzero((sample.labels == label) & shown)
        for rank, unit in enumerate(top[label][top[label] >= 0], start=1):
            hottest = _hottest(sample, own, unit, config)
            x, y, size = units.patch_origin(
                cells[hottest, unit],
                (map_height, map_width),
                config.model.image_size,
                config.units.patch_px,
            )
            columns = {
                "species": species,
                "rank": rank,
                "unit": unit,
                "patch": np.arange(1, len(hottest) + 1),
                "image_id": index["image_id"].to_numpy()[hottest],
                "x": x,
                "y": y,
                "size": size,
                "response": sample.responses[hottest, unit],
                "camera": index["camera"].to_numpy()[hottest],
                "burst": sample.bursts[hottest].astype(str),
            }
            tables.append(pd.DataFrame(columns))
    filled = [table for table in tables if len(table)]
    if not filled:
        return pd.DataFrame(columns=[*COLUMNS, "burst"])
    return pd.concat(filled, ignore_index=True)


def _hottest(sample: Sample, own: np.ndarray, unit: int, config: Config) -> np.ndarray:
    """Positions in the sample of the images of which patches are cut."""
    order = own[units.hottest_images(sample.responses[own, unit], len(own))]
    order = order[sample.responses[order, unit] > 0]
    if config.units.one_per_burst:
        _, first = np.unique(sample.bursts[order], return_index=True)
        order = order[np.sort(first)]
    return order[: config.units.patches]


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

    _each_image(patches, write_image)


def write_original_patches(
    folder: Path, patches: pd.DataFrame, run: RunFolder, *, image_px: int
) -> pd.DataFrame:
    """Cuts the same places out of the source's pictures, in all the detail that they have.

    The network's input is squashed to a square, so these are as wide and as high as the picture
    is. One that is gone, or another than was prepared, has no patch here.

    Returns:
      Such pictures, as `filepath, reason`.
    """
    folder.mkdir()
    slugs, originals = species_slugs(run.dataset.classes), open_originals(run)
    images = run.index.set_index("image_id")
    failures: list[Failure] = []

    def write_image(image_id: str, of_image: pd.DataFrame) -> None:
        image = images.loc[image_id]
        pixels = originals.read(image["filepath"], image["sha256"])
        if isinstance(pixels, Failure):
            failures.append(pixels)
            return
        pixels = pixels[: kept_height(len(pixels), run.config.data.crop_bottom)]
        height, width = pixels.shape[:2]
        for row in of_image.to_dict("records"):
            left, right = (
                round(at * width / image_px) for at in (row["x"], row["x"] + row["size"])
            )
            top, bottom = (
                round(at * height / image_px) for at in (row["y"], row["y"] + row["size"])
            )
            name = patch_name(slugs[row["species"]], row["rank"], row["patch"])
            Image.fromarray(pixels[top:bottom, left:right]).save(folder / name)

    _each_image(patches, write_image)
    columns = ["filepath", "reason"]
    return pd.DataFrame([asdict(one) for one in failures], columns=columns).sort_values("filepath")


def _each_image(patches: pd.DataFrame, write: Callable[[str, pd.DataFrame], None]) -> None:
    """Calls a function with every image and its patches, several at once."""
    with ThreadPoolExecutor(THREADS) as pool:
        # list() raises what a thread raised.
        list(pool.map(write, *zip(*patches.groupby("image_id"), strict=True)))


def write_sheets(
    folder: Path, patches: pd.DataFrame, classes: Sequence[str], *, places: int
) -> None:
    """Writes a contact sheet a species into folder/sheets: a row a unit, hottest patch first."""
    (folder / "sheets").mkdir()
    slugs: dict[str, str] = species_slugs(classes)
    for species, of_species in patches.groupby("species"):
        slug = slugs[str(species)]
        rows = []
        for _, of_unit in of_species.groupby("rank"):
            names = [
                patch_name(slug, rank, patch)
                for rank, patch in zip(of_unit["rank"], of_unit["patch"], strict=True)
            ]
            tiles = [_read(folder / "patches" / name) for name in names]
            rows.append(contact_sheet(tiles, places=places, columns=places))
        Image.fromarray(stacked(rows)).save(folder / "sheets" / f"{slug}.png")


def _read(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)
