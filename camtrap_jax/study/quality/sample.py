"""The test images on which maps are judged, and what is known about where their animals are."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Bool, Int, UInt8

from camtrap_jax.config import Config
from camtrap_jax.data.batches.pipeline import read_pixels
from camtrap_jax.data.boxes import read_box
from camtrap_jax.explain.localisation import box_masks
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.planted import PlantedTruth, read_planted_truth

Masks = Bool[np.ndarray, "images H W"]


@dataclass(frozen=True)
class Sample:
    """Test images and regions of them; a region that is not known of an image is empty.

    Attributes:
      images: their rows of the index.
      labels: classes.
      pixels: as the network sees them.
      regions: masks by name: `box`, and of a synthetic source `animal` and `parts`, those that tell
        the species from others.
    """

    images: pd.DataFrame
    labels: Int[np.ndarray, " images"]
    pixels: UInt8[np.ndarray, "images H W 3"]
    regions: dict[str, Masks]


def draw_sample(run: RunFolder, config: Config) -> Sample:
    """Draws test images of known species, equally many of each as far as there are.

    Raises:
      ValueError: there is no test image.
    """
    index, classes, settings = run.index, run.dataset.classes, config.quality
    test = index.loc[(index["split"] == "test") & index["species"].isin(classes)]
    if test.empty:
        raise ValueError(
            f"{run.root / 'explain' / 'index.csv'}: expected test images of known species, got "
            "none; prepare the dataset with another --split"
        )
    images = spread(test, settings.images, settings.seed).reset_index(drop=True)
    position = pd.Index(run.dataset.manifest["image_id"]).get_indexer(pd.Index(images["image_id"]))
    size_px = config.model.image_size
    pixels = np.stack([read_pixels(run.dataset, int(row), size_px) for row in position])
    labels = pd.Index(classes).get_indexer(pd.Index(images["species"]))
    return Sample(images, labels, pixels, _regions(run, config, images))


def spread(test: pd.DataFrame, count: int, seed: int) -> pd.DataFrame:
    """Takes species in turn, their images in random order, until there are `count`.

    Args:
      test: has the columns `image_id` and `species`.
      count: of images wanted.
      seed: of the order.
    """
    shuffled = test.sort_values(by="image_id").sample(frac=1, random_state=seed)
    turn = shuffled.groupby("species").cumcount()
    return shuffled.assign(turn=turn).sort_values(by=["turn", "species"]).head(count)


def _regions(run: RunFolder, config: Config, images: pd.DataFrame) -> dict[str, Masks]:
    size = (config.model.image_size, config.model.image_size)
    boxes = [read_box(text) or (0.0, 0.0, 0.0, 0.0) for text in images["bbox"]]
    regions = {"box": np.asarray(box_masks(jnp.asarray(boxes), size))}
    truth = read_planted_truth(run)
    return regions | (_planted_regions(truth, config, images) if truth else {})


def _planted_regions(truth: PlantedTruth, config: Config, images: pd.DataFrame) -> dict[str, Masks]:
    """Reads the animals' masks, and in them the parts that were drawn to tell species apart."""
    crop, size_px = config.data.crop_bottom, config.model.image_size
    parts = np.stack(
        [truth.mask(path, crop_bottom=crop, size_px=size_px) for path in images["filepath"]]
    )
    honest = np.array([truth.is_honest(path) for path in images["filepath"]])[:, None, None]
    diagnostic = [truth.diagnostic_parts(species) for species in images["species"]]
    telling = np.stack([np.isin(mask, own) for mask, own in zip(parts, diagnostic, strict=True)])
    return {"animal": honest & (parts > 0), "parts": honest & telling}
