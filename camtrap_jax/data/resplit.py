"""The same images and records under another split."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax.config import DataConfig
from camtrap_jax.data.duplicates import near_duplicate_labels
from camtrap_jax.data.freshness import FILE
from camtrap_jax.data.splits import Split, split_images
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json, replaced_folder, write_json, write_table


def dataset_settings(dataset: DatasetFolder) -> DataConfig:
    """Returns the settings that a dataset was prepared with, as far as this version knows them."""
    names = {field.name for field in dataclasses.fields(DataConfig)}
    found = read_json(dataset.root / FILE)["settings"].items()
    return DataConfig(**{name: value for name, value in found if name in names})


def image_groups(dataset: DatasetFolder) -> np.ndarray:
    """Numbers the groups of images that look alike, one number a row of the manifest.

    Raises:
      FileNotFoundError: the dataset has no pictures.csv; it is of an older version.
    """
    return near_duplicate_labels(dataset.manifest, dataset.pictures, dataset_settings(dataset))


def resplit(
    manifest: pd.DataFrame, groups: np.ndarray, *, method: str, seed: int
) -> tuple[pd.DataFrame, Split]:
    """Splits the known species' images anew; species keep their roles.

    Args:
      manifest: of a dataset.
      groups: which rows look alike, from `image_groups`.
      method: one of the splits that `prepare` knows.
      seed: of the draw.

    Returns:
      A manifest, in which images that the split leaves out are `excluded`, and the split.

    Raises:
      ValueError: the images cannot be split so.
    """
    rows = np.flatnonzero(manifest["role"] == "known")
    images = manifest.iloc[rows].assign(near_duplicate=groups[rows])
    found = split_images(images, method=method, seed=seed)
    split, role = (manifest[name].to_numpy(object, copy=True) for name in ("split", "role"))
    split[rows] = found.splits
    role[rows[[row for row, _ in found.left_out]]] = "excluded"
    return manifest.assign(split=split, role=role), found


def write_resplit(
    dataset: DatasetFolder, folder: Path, groups: np.ndarray, *, method: str, seed: int
) -> Split:
    """Writes a dataset that shares its records with another one, and differs in its split.

    Raises:
      ValueError: the images cannot be split so.
    """
    manifest, found = resplit(dataset.manifest, groups, method=method, seed=seed)
    with replaced_folder(folder) as made:
        write_table(made / "manifest.csv", manifest)
        write_table(made / "pictures.csv", dataset.pictures)
        write_json(made / "classes.json", read_json(dataset.root / "classes.json"))
        (made / "records").symlink_to(dataset.records.resolve(), target_is_directory=True)
    return found
