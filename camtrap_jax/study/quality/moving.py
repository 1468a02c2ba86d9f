"""What a network takes from the place: animals before other backgrounds, and these alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Float, Int

from camtrap_jax.config import Config
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.data.batches.pipeline import read_pixels
from camtrap_jax.data.boxes import read_box
from camtrap_jax.explain.backgrounds import filled, moved
from camtrap_jax.explain.localisation import box_masks
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.light import light_of_images
from camtrap_jax.study.quality.maps import Judge
from camtrap_jax.study.sample import sequence_codes

MARGIN = 0.1  # of a box's sides, that goes with the animal on each side: boxes are rarely exact
_IMAGES = 128  # that are held as numbers at once


@dataclass(frozen=True)
class Scenes:
    """Test images with their animals' places, and the same without the animals.

    Attributes:
      images: their rows of the index, with the column `light`.
      labels: classes.
      pixels: as the network sees them.
      animals: where the animals are.
      backgrounds: the pixels without them.
    """

    images: pd.DataFrame
    labels: Int[np.ndarray, " images"]
    pixels: np.ndarray
    animals: np.ndarray
    backgrounds: np.ndarray


def move_animals(
    run: RunFolder, config: Config, judge: Judge, variables: Any
) -> pd.DataFrame | None:
    """Asks the network about animals before other backgrounds, of their camera and of others.

    An animal in its box, a margin around it, is put where another burst of the same light was
    photographed, whose own animal is painted over. Only the place differs between a background of
    its camera and one of another, so what is lost between them is what the network needs of the
    place; seams and strange shadows are the same. The same backgrounds without the animal tell what
    the place alone is enough for.

    Args:
      run: the run.
      config: its settings.
      judge: asks its network.
      variables: the trained ones.

    Returns:
      A row an image, of test images of known species with a box and a camera, with probabilities of
      the true species: `at_home`, before other backgrounds of its camera; `moved`, before those of
      others; `lost`, the difference; `changed`, its absolute value; `empty_home` and `empty_moved`,
      the same backgrounds without it; `alone`, their difference. nan where there is no background
      to take. None where no image qualifies, or none is wanted.
    """
    scenes = _scenes(run, config)
    if scenes is None:
        return None
    settings = config.quality
    ask = partial(_probabilities, judge, variables)
    draws = drawn_backgrounds(scenes.images, count=settings.backgrounds, seed=settings.seed)
    at_home, elsewhere = (_mean_answer(scenes, rows, ask) for rows in draws)
    empty = ask(scenes.backgrounds)
    empty_home, empty_elsewhere = (_mean_empty(empty, rows, scenes.labels) for rows in draws)
    return scenes.images.assign(
        at_home=at_home,
        moved=elsewhere,
        lost=at_home - elsewhere,
        changed=np.abs(at_home - elsewhere),
        empty_home=empty_home,
        empty_moved=empty_elsewhere,
        alone=empty_home - empty_elsewhere,
    )


def drawn_backgrounds(
    images: pd.DataFrame, *, count: int, seed: int
) -> tuple[Int[np.ndarray, "images count"], Int[np.ndarray, "images count"]]:
    """Draws pictures of other bursts in the same light, of an image's own camera and of others.

    Args:
      images: columns `image_id`, `camera`, `sequence` and `light`.
      count: drawn for each image; with replacement where there are fewer.
      seed: of the draw.

    Returns:
      Positions of their own camera's, and of other cameras'; -1 where there is none.
    """
    rng = np.random.default_rng(seed)
    burst = sequence_codes(images)
    camera, light = images["camera"].to_numpy(), images["light"].to_numpy()
    own, others = np.full((2, len(images), count), -1)
    for row in range(len(images)):
        alike = (light == light[row]) & (burst != burst[row])
        for drawn, candidates in (
            (own, np.flatnonzero(alike & (camera == camera[row]))),
            (others, np.flatnonzero(alike & (camera != camera[row]))),
        ):
            if candidates.size:
                drawn[row] = rng.choice(candidates, count, replace=candidates.size < count)
    return own, others


def _scenes(run: RunFolder, config: Config) -> Scenes | None:
    index, settings, side = run.index, config.quality, config.model.image_size
    test = index.loc[
        (index["split"] == "test")
        & index["species"].isin(run.classes)
        & (index["bbox"] != "")
        & (index["camera"] != "")
    ]
    shuffled = test.sort_values(by="image_id").sample(frac=1, random_state=settings.seed)
    images = shuffled.groupby("species").head(settings.moved_images).reset_index(drop=True)
    if images.empty:
        return None
    images["light"] = light_of_images(run.dataset, images)
    position = pd.Index(run.dataset.manifest["image_id"]).get_indexer(pd.Index(images["image_id"]))
    pixels = np.stack([read_pixels(run.dataset, int(row), side) for row in position])
    boxes = np.array([read_box(text) for text in images["bbox"]], np.float32)
    animals = np.asarray(box_masks(jnp.asarray(_enlarged(boxes)), (side, side)))
    backgrounds = [
        np.asarray(_backgrounds(pixels[rows], animals[rows])) for rows in _parts(len(images))
    ]
    labels = pd.Index(run.classes).get_indexer(pd.Index(images["species"]))
    return Scenes(images, labels, pixels, animals, np.concatenate(backgrounds))


def _enlarged(boxes: Float[np.ndarray, "images 4"]) -> Float[np.ndarray, "images 4"]:
    sides = boxes[:, 2:]
    return np.concatenate([boxes[:, :2] - MARGIN * sides, sides * (1 + 2 * MARGIN)], axis=1)


@jax.jit
def _backgrounds(pixels: Array, animals: Array) -> Array:
    return jnp.rint(filled(pixels.astype(jnp.float32), animals)).astype(jnp.uint8)


def _mean_answer(scenes: Scenes, rows: np.ndarray, ask: Any) -> Float[np.ndarray, " images"]:
    """Returns the mean probability of the species before some backgrounds; nan without any."""
    answers = []
    for drawn in rows.T:
        places = map(jnp.asarray, (scenes.pixels, scenes.animals, scenes.backgrounds[drawn]))
        answers.append(_own(ask(np.asarray(moved(*places))), scenes.labels))
    return np.where((rows >= 0).all(1), np.mean(answers, axis=0), np.nan)


def _mean_empty(empty: np.ndarray, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The same for the backgrounds themselves."""
    answers = np.take_along_axis(empty[rows], labels[:, None, None], axis=2)[..., 0]
    return np.where((rows >= 0).all(1), answers.mean(1), np.nan)


def _probabilities(judge: Judge, variables: Any, pixels: np.ndarray) -> np.ndarray:
    parts = [
        judge.logits(variables, np.asarray(normalise(jnp.asarray(pixels[rows]))))
        for rows in _parts(len(pixels))
    ]
    return np.asarray(jax.nn.softmax(np.concatenate(parts), axis=-1))


def _parts(count: int) -> list[slice]:
    return [slice(start, start + _IMAGES) for start in range(0, count, _IMAGES)]


def _own(probabilities: np.ndarray, labels: np.ndarray) -> Float[np.ndarray, " images"]:
    return np.take_along_axis(probabilities, labels[:, None], axis=1)[:, 0]
