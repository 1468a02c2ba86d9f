"""The table of all images: `manifest.csv`."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd

from camtrap_jax.config import DataConfig
from camtrap_jax.data.labels import label_role
from camtrap_jax.data.splits import choose_species, random_split

COLUMNS = [
    "image_id",
    "filepath",
    "species",
    "role",
    "split",
    "camera",
    "sequence",
    "frame",
    "datetime",
    "width",
    "height",
    "sha256",
    "bbox",
]


def image_id(filepath: str, species: str) -> str:
    """Returns 16 hexadecimal digits that stay the same wherever the source lies."""
    return hashlib.sha256(f"{filepath}\0{species}".encode()).hexdigest()[:16]


def assign_roles(images: pd.DataFrame, config: DataConfig) -> tuple[pd.DataFrame, dict]:
    """Decides what each image is for.

    Args:
      images: the columns of the manifest except `role` and `split`, in the manifest's order.
      config: how many species are known, and how they are split.

    Returns:
      The manifest, and `{"known", "unknown", "counts"}` as `classes.json` holds it.

    Raises:
      ValueError: too few species, or too few images of one.
    """
    role = np.array([label_role(name) for name in images["species"]], dtype=object)
    is_species = role == "species"
    counts = images.loc[is_species, "species"].value_counts().sort_index()
    known, unknown = choose_species(
        {str(name): int(count) for name, count in counts.items()},
        num_known=config.num_known,
        min_images=config.min_images,
    )
    is_known = is_species & images["species"].isin(known).to_numpy()
    role[is_species] = "unknown"
    role[is_known] = "known"
    split = np.where(role == "unknown", "unknown", "").astype(object)
    split[is_known] = random_split(images.loc[is_known, "species"].tolist(), seed=config.seed)
    manifest = images.assign(role=role, split=split)[COLUMNS]
    ordered = {str(name): int(count) for name, count in counts.items()}
    return manifest, {"known": known, "unknown": unknown, "counts": ordered}


def class_labels(manifest: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """Returns the index into `classes` of each row; -1 for rows that are not of a known species."""
    index = {name: label for label, name in enumerate(classes)}
    labels = manifest["species"].map(lambda name: index.get(name, -1)).to_numpy(np.int64)
    return np.where(manifest["role"] == "known", labels, -1)
