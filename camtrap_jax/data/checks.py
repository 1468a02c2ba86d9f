"""What can be known before hours of decoding to be wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from camtrap_jax.config import DataConfig
from camtrap_jax.data.labels import label_counts
from camtrap_jax.data.sources import Failure, SourceListing
from camtrap_jax.data.splits import choose_species, split_images
from camtrap_jax.run_folder import DatasetFolder


def check_before(
    source: Path, dataset: Path, listing: SourceListing, config: DataConfig, *, overwrite: bool
) -> None:
    """Checks what the listing alone tells.

    Raises:
      ValueError: `dataset` cannot be replaced, most of its pictures are gone, or the labels and
        cameras do not allow the split; one line.
    """
    if os.path.ismount(dataset):
        raise ValueError(
            f"{dataset}: is the root of a disk, which cannot be replaced as a whole; give a folder "
            f"on it, such as --dataset={dataset / 'dataset'}"
        )
    if not overwrite:
        _check_kept(dataset, listing)
    try:
        _check_labels(listing, config)
    except ValueError as error:
        notes = "".join(f"; {note}" for note in listing.notes[:2])
        raise ValueError(f"{source}: {error}{first(listing.failures)}{notes}") from None


def check_apart(root: Path, folder: Path, *, flag: str = "--dataset") -> None:
    """Refuses a folder that would be read as part of its source, or that holds the source.

    Raises:
      ValueError: it is one.
    """
    target = folder.resolve()
    if target.is_relative_to(root) or root.is_relative_to(target):
        raise ValueError(
            f"{folder}: lies within the source {root}, or around it; give {flag} elsewhere"
        )


def first(failures: list[Failure]) -> str:
    """Names the first failure, to end an error with."""
    return f"; the first: {failures[0].filepath}: {failures[0].reason}" if failures else ""


def _check_kept(dataset: Path, listing: SourceListing) -> None:
    """Refuses to replace a dataset by one of other pictures: is the right disk mounted?"""
    if not DatasetFolder(dataset).has_pictures:
        return
    try:
        before = set(DatasetFolder(dataset).pictures["filepath"])
    except (ValueError, KeyError):  # a damaged table is made anew
        return
    gone = sorted(before - {entry.filepath for entry in listing.images})
    if 2 * len(gone) > len(before):
        raise ValueError(
            f"{dataset}: {len(gone)} of its {len(before)} pictures are not in the source any more, "
            f"the first {gone[0]}; is it the right source, and whole? give another --dataset, or "
            "--overwrite to go on"
        )


def _check_labels(listing: SourceListing, config: DataConfig) -> None:
    species = [entry.species for entry in listing.images]
    _, counts = label_counts(species, config)
    known, _ = choose_species(counts, num_known=config.num_known, min_images=config.min_images)
    if config.split != "camera":
        return
    images = pd.DataFrame(
        [(e.filepath, e.species, e.camera) for e in listing.images if e.species in set(known)],
        columns=["filepath", "species", "camera"],
    )
    images = images.assign(sequence="", datetime="", sha256="", near_duplicate=range(len(images)))
    split_images(images, method="camera", seed=config.seed)
