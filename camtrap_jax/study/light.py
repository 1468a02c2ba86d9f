"""Accuracy by day and by night, over all cameras and at each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Bool

from camtrap_jax import evaluation
from camtrap_jax.data.audit.light import light_of
from camtrap_jax.run_folder import DatasetFolder

LIGHTS = ("day", "night", "unknown")


def light_of_images(dataset: DatasetFolder, images: pd.DataFrame) -> np.ndarray:
    """One of `LIGHTS` for each of the images, judged from all frames of the dataset."""
    manifest = dataset.manifest
    measured: dict[str, float] = {}
    if dataset.has_pictures:
        pictures = dataset.pictures
        measured = dict(zip(pictures["filepath"], pictures["saturation"], strict=True))
    saturation = [measured.get(path, np.nan) for path in manifest["filepath"]]
    light = light_of(manifest.assign(saturation=saturation))
    of_image = dict(zip(manifest["image_id"], light, strict=True))
    return np.array([of_image[image] for image in images["image_id"]], object)


def light_table(
    light: np.ndarray,
    predictions: np.ndarray,
    labels: np.ndarray,
    *,
    num_classes: int,
) -> pd.DataFrame:
    """One row for day, night and what is neither for sure; accuracies with Wilson intervals."""
    hits = predictions == labels
    means = [
        evaluation.mean_species_accuracy(
            predictions[light == name], labels[light == name], num_classes=num_classes
        )
        for name in LIGHTS
    ]
    codes = pd.Index(LIGHTS).get_indexer(pd.Index(light))
    table = pd.DataFrame({"light": LIGHTS, **_shares(codes, hits, len(LIGHTS))})
    return table.assign(mean_species_accuracy=means)


def camera_table(
    cameras: np.ndarray, light: np.ndarray, hits: Bool[np.ndarray, " images"]
) -> pd.DataFrame:
    """One row a camera; images of no known camera are left out."""
    known = cameras != ""
    names, codes = np.unique(cameras[known], return_inverse=True)
    table: dict[str, np.ndarray] = {"camera": names, **_shares(codes, hits[known], len(names))}
    for name in LIGHTS:
        chosen = light[known] == name
        part = _shares(codes[chosen], hits[known][chosen], len(names))
        table[f"{name}_images"] = part["images"]
        if name != "unknown":
            table[f"{name}_accuracy"] = part["accuracy"]
    return pd.DataFrame(table)


def _shares(codes: np.ndarray, hits: np.ndarray, count: int) -> dict[str, np.ndarray]:
    """Images, accuracy and its Wilson interval of each group; nan where there is no image."""
    images = np.bincount(codes, minlength=count)
    correct = np.bincount(codes, hits, minlength=count)
    low, high = evaluation.wilson_interval(correct, images)
    accuracy = correct / np.where(images > 0, images, np.nan)
    return {"images": images, "accuracy": accuracy, "low": low, "high": high}
