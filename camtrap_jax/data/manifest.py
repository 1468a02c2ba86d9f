"""The table of all images: `manifest.csv`."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from camtrap_jax.config import DataConfig
from camtrap_jax.data import conflicts
from camtrap_jax.data.boxes import format_box, kept_box
from camtrap_jax.data.bursts import find_sequences
from camtrap_jax.data.decoding.pictures import Measured
from camtrap_jax.data.labels import label_counts
from camtrap_jax.data.sources import Failure, SourceImage
from camtrap_jax.data.splits import choose_species, split_images

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
_NUMBERS = ("frame", "width", "height")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What each image is for.

    Attributes:
      manifest: all images, with `COLUMNS`.
      classes: `{"known", "unknown", "counts"}` as `classes.json` holds it.
      left_out: images that a rule set aside, and why.
      notes: sentences on what the split could not give.
    """

    manifest: pd.DataFrame
    classes: dict[str, Any]
    left_out: list[Failure]
    notes: list[str]


def image_id(filepath: str, species: str) -> str:
    """Returns 16 hexadecimal digits that stay the same wherever the source lies."""
    return hashlib.sha256(f"{filepath}\0{species}".encode()).hexdigest()[:16]


def image_table(
    images: Sequence[SourceImage], measured: Mapping[str, Measured], config: DataConfig
) -> pd.DataFrame:
    """Joins what the source says with what its readable files show.

    Args:
      images: in the manifest's order; those without an entry in `measured` are left out.
      measured: of each file.
      config: how much is cut off, and which frames are one burst.

    Returns:
      The manifest's columns except role and split.
    """
    rows = (_row(e, measured[e.filepath], config) for e in images if e.filepath in measured)
    names = [name for name in COLUMNS if name not in ("role", "split")]
    table = pd.DataFrame.from_records(rows, columns=names)
    table = table.astype({name: "str" for name in names if name not in _NUMBERS})
    table["frame"] = table["frame"].astype("Int64")
    bursts = find_sequences(table, gap_sec=config.burst_gap_sec)
    return table.assign(sequence=bursts["sequence"], frame=bursts["frame"])


def assign_roles(
    images: pd.DataFrame, near_duplicate: Int[np.ndarray, " images"], config: DataConfig
) -> Assignment:
    """Decides what each image is for.

    Args:
      images: the columns of the manifest except `role` and `split`, in the manifest's order.
      near_duplicate: which images look alike, as `near_duplicates` numbers them.
      config: how many species are known, and how they are split.

    Raises:
      ValueError: too few species, too few images of one, or a split that cannot be had.
    """
    species = [str(name) for name in images["species"]]
    kinds, _ = label_counts(species, config)
    aside = conflicts.set_aside(images, config.conflicts)
    role = np.where(aside, "excluded", np.array(kinds, object))
    counts = Counter(n for n, kind in zip(species, role, strict=True) if kind == "species")
    known, unknown = choose_species(
        counts, num_known=config.num_known, min_images=config.min_images
    )
    names = np.array(species, object)
    is_species = role == "species"
    role[is_species] = np.where(np.isin(names[is_species], known), "known", "unknown")
    chosen = np.flatnonzero(role == "known")
    split = np.where(role == "unknown", "unknown", "").astype(object)
    result = split_images(
        images.iloc[chosen].assign(near_duplicate=near_duplicate[chosen]),
        method=config.split,
        seed=config.seed,
    )
    split[chosen] = result.splits
    role[chosen[[row for row, _ in result.left_out]]] = "excluded"
    paths = images["filepath"].tolist()
    left_out = [
        *map(
            Failure,
            itertools.compress(paths, aside),
            conflicts.reasons(images, aside, config.conflicts),
        ),
        *[Failure(paths[chosen[row]], reason) for row, reason in result.left_out],
    ]
    manifest = pd.DataFrame(images.assign(role=role, split=split), columns=COLUMNS)
    classes = {"known": known, "unknown": unknown, "counts": dict(sorted(counts.items()))}
    return Assignment(manifest=manifest, classes=classes, left_out=left_out, notes=result.notes)


def class_labels(manifest: pd.DataFrame, classes: list[str]) -> np.ndarray:
    """Returns the index into `classes` of each row; -1 for rows that are not of a known species."""
    index = {name: label for label, name in enumerate(classes)}
    rows = zip(manifest["species"], manifest["role"], strict=True)
    return np.array([index[name] if role == "known" else -1 for name, role in rows], np.int64)


def _row(entry: SourceImage, measured: Measured, config: DataConfig) -> tuple[Any, ...]:
    """Returns the columns of the manifest but `role` and `split`."""
    size = (measured.width, measured.height)
    box = entry.box and kept_box(
        entry.box,
        entry.box_frame or size,
        size=size,
        orientation=measured.orientation,
        crop_bottom=config.crop_bottom,
    )
    return (
        image_id(entry.filepath, entry.species),
        entry.filepath,
        entry.species,
        entry.camera,
        entry.sequence,
        entry.frame,
        entry.datetime or measured.datetime,
        measured.width,
        measured.height,
        measured.sha256,
        format_box(box),
    )
