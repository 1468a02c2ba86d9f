"""All findings about a data set, one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from camtrap_jax.config import DataConfig
from camtrap_jax.data.audit.cameras import bound_species, camera_information
from camtrap_jax.data.audit.copies import (
    exact_copies,
    labels_alike,
    near_copies,
    near_copies_two_labels,
    with_people,
    with_two_labels,
)
from camtrap_jax.data.audit.counts import image_counts, too_few_images
from camtrap_jax.data.audit.honesty import shared_images, split_shares
from camtrap_jax.data.audit.light import day_and_night
from camtrap_jax.data.audit.strips import information_strips


def audit(
    manifest: pd.DataFrame,
    pictures: pd.DataFrame,
    config: DataConfig,
    *,
    near_duplicate: Int[np.ndarray, " images"],
    split_notes: Sequence[str] = (),
) -> dict[str, Any]:
    """Counts images, and lists what makes results doubtful.

    Lists are cut where they would fill the file; `totals` has the full numbers.

    Args:
      manifest: the table of all images.
      pictures: one row a file: `filepath, saturation, strip, people`, and more that is not read.
      config: how the images were prepared.
      near_duplicate: number of the group of images that look alike, for each row of the manifest.
      split_notes: what the split could not give.

    Returns:
      JSON-like. Counts: `images, files, roles, splits, species, cameras, known_species_splits,
      without_camera, without_datetime, small_species`. Species: `too_few_images` for each analysis,
      `camera_bound_species`, `species_cameras` (information of the camera about the species).
      Copies: `duplicates` (same bytes, same label), `two_labels` (same bytes), `near_duplicates`,
      `near_duplicates_two_labels`, `labels_alike`, `people`. `light` has infrared frames, hours and
      clocks in doubt, `strip` the information strip. The split: `test_images` (what they share with
      train), `split_shares`, `split_notes`.
    """
    images = _images(manifest, pictures, near_duplicate)
    animals = images.loc[images["role"].isin(["known", "unknown"])]
    duplicates = exact_copies(images)
    two_labels = with_two_labels(images)
    near = near_copies(animals)
    near_two_labels = near_copies_two_labels(animals)
    people = with_people(animals)
    return {
        **image_counts(images, animals),
        "too_few_images": too_few_images(animals),
        "camera_bound_species": bound_species(animals),
        "species_cameras": camera_information(animals, seed=config.seed),
        "totals": {
            "duplicates": duplicates.total,
            "two_labels": two_labels.total,
            "near_duplicates": near.total,
            "near_duplicates_two_labels": near_two_labels.total,
            "people": people.total,
        },
        "duplicates": duplicates.listed,
        "two_labels": two_labels.listed,
        "near_duplicates": near.listed,
        "near_duplicate_bits": config.near_duplicate_bits,
        "near_duplicates_two_labels": near_two_labels.listed,
        "labels_alike": labels_alike(images["species"]),
        "people": people.listed,
        "light": day_and_night(images, animals),
        "strip": information_strips(images, crop_bottom=config.crop_bottom),
        "split": config.split,
        "test_images": shared_images(images),
        "split_shares": split_shares(animals),
        "split_notes": list(split_notes),
    }


def _images(
    manifest: pd.DataFrame, pictures: pd.DataFrame, near_duplicate: Int[np.ndarray, " images"]
) -> pd.DataFrame:
    """Joins what is known about each image; rows as in the manifest."""
    measured = pictures.set_index("filepath")[["saturation", "strip", "people"]]
    joined = manifest.join(measured, on="filepath").reset_index(drop=True)
    text = joined.select_dtypes("str").columns
    # Python's own texts: iterating over Arrow's takes several times as long.
    joined = joined.astype(dict.fromkeys(text, object))
    return joined.assign(near_duplicate=np.asarray(near_duplicate))
