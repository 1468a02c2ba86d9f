"""The table of all images: `manifest.csv`."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

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


def assign_roles(images: pd.DataFrame, config: DataConfig) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Decides what each image is for.

    Args:
      images: the columns of the manifest except `role` and `split`, in the manifest's order.
      config: how many species are known, and how they are split.

    Returns:
      The manifest, and `{"known", "unknown", "counts"}` as `classes.json` holds it.

    Raises:
      ValueError: too few species, or too few images of one.
    """
    species = [str(name) for name in images["species"]]
    kinds = [label_role(name) for name in species]
    counts = Counter(n for n, kind in zip(species, kinds, strict=True) if kind == "species")
    known, unknown = choose_species(
        counts, num_known=config.num_known, min_images=config.min_images
    )
    kept, others = set(known), set(unknown)
    role = np.array(
        [
            "known" if name in kept else "unknown" if name in others else kind
            for name, kind in zip(species, kinds, strict=True)
        ],
        dtype=object,
    )
    split = np.where(role == "unknown", "unknown", "").astype(object)
    is_known = role == "known"
    of_known = [name for name in species if name in kept]
    split[is_known] = random_split(of_known, seed=config.seed)
    columns = {name: images[name] for name in images} | {"role": role, "split": split}
    manifest = pd.DataFrame({name: columns[name] for name in COLUMNS})
    return manifest, {"known": known, "unknown": unknown, "counts": dict(sorted(counts.items()))}


def class_labels(manifest: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """Returns the index into `classes` of each row; -1 for rows that are not of a known species."""
    index = {name: label for label, name in enumerate(classes)}
    rows = zip(manifest["species"], manifest["role"], strict=True)
    return np.array([index[name] if role == "known" else -1 for name, role in rows], np.int64)
