"""Relative unfamiliarity of a run's images, and the threshold that the known species set."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from camtrap_jax import embedding
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.sample import centroid_sample, finite_rows, rows_of, sampled_rows


@dataclass(frozen=True)
class Reference:
    """The training images that unfamiliarity is measured against: those of the tree."""

    rows: np.ndarray
    features: np.ndarray
    labels: np.ndarray
    centroids: np.ndarray
    scale: float


def training_reference(run: RunFolder, config: Config) -> Reference:
    """Draws the reference from the training images.

    Raises:
      ValueError: a known species has no training image, or a feature is not finite.
    """
    rows, labels = centroid_sample(run, config)
    features = finite_rows(run, "features", rows)
    sample, codes = jnp.asarray(features), jnp.asarray(labels)
    centroids = embedding.class_centroids(sample, codes, num_classes=len(run.classes))
    scale = float(embedding.scale_of(sample, codes, centroids))
    return Reference(rows, features, labels, np.asarray(centroids), scale)


def compared_images(run: RunFolder) -> tuple[pd.DataFrame, Float[np.ndarray, "images dim"]]:
    """Returns every test and unknown image, and its features.

    Returns:
      `row, image_id, split, species`, and one vector per image.

    Raises:
      ValueError: a feature is not finite.
    """
    images = run.explained
    chosen = images.loc[images["split"].isin(["test", "unknown"])].reset_index(drop=True)
    return chosen, finite_rows(run, "features", np.asarray(chosen["row"], np.int64))


def unfamiliar_images(
    images: pd.DataFrame, features: Float[np.ndarray, "images dim"], reference: Reference
) -> tuple[pd.DataFrame, Int[np.ndarray, " images"]]:
    """Measures images by their features.

    Returns:
      The images with their `unfamiliarity`, and the class of each nearest centroid.
    """
    distance, nearest = embedding.unfamiliarity(
        jnp.asarray(features), jnp.asarray(reference.centroids), scale=reference.scale
    )
    return images.assign(unfamiliarity=np.asarray(distance)), np.asarray(nearest)


def round_means(
    run: RunFolder, config: Config, images: pd.DataFrame
) -> Float[np.ndarray, "species rounds"]:
    """Mean unfamiliarity of a fresh draw per round; nan without images.

    A species' draws depend on the seed, its position in classes.json and its own images alone.
    """
    settings = config.novelty
    unfamiliarity = images.set_index("row")["unfamiliarity"].astype(np.float64)
    means = []
    for code, (species, split) in enumerate(groups(run)):
        rows = rows_of(images, species, split)
        draws = [
            sampled_rows(rows, settings.images_per_round, [settings.seed, code, number])
            for number in range(settings.rounds)
        ]
        means.append([unfamiliarity.loc[draw].mean() if len(draw) else np.nan for draw in draws])
    return np.array(means)


def groups(run: RunFolder) -> list[tuple[str, str]]:
    """Returns every species, the known ones first, and the split that its images are taken of."""
    known = [(species, "test") for species in run.classes]
    return known + [(species, "unknown") for species in run.unknown]


def species_means(rounds: Float[np.ndarray, "species rounds"]) -> Float[np.ndarray, " species"]:
    """Means over the rounds; rounding may leave those of equal rounds, hence the clipping."""
    return np.clip(rounds.mean(axis=1), rounds.min(axis=1), rounds.max(axis=1))


def known_threshold(means: Float[np.ndarray, " species"], num_known: int) -> float:
    """The unfamiliarity of the least familiar known species; nan where none has images."""
    known = means[:num_known]
    return float("nan") if np.isnan(known).all() else float(np.nanmax(known))
