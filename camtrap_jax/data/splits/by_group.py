"""Splits that part no group of images: no burst and no duplicates, or no camera."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from camtrap_jax.data.splits import notes, refusals
from camtrap_jax.data.splits.assignment import assign_groups
from camtrap_jax.data.splits.cost import TEST, TRAIN
from camtrap_jax.data.splits.split import SPLITS, Split
from camtrap_jax.data.splits.together import bound_together
from camtrap_jax.data.splits.wording import CAMERA, SEQUENCE, Wording

_NO_CAMERA = "no camera: left out of a split by camera"
_NO_BURSTS = "no image has a sequence: only duplicates were kept together"


def split_by_sequence(images: pd.DataFrame, fractions: Sequence[float], *, seed: int) -> Split:
    """Parts no burst, no near-duplicates and no exact duplicates.

    Args:
      images: as `split_images` takes them.
      fractions: of train, val and test.
      seed: of the draw.

    Raises:
      ValueError: one group holds everything, or every choice takes a species out of train.
    """
    splits, found = _divide(images, bound_together(images), SEQUENCE, fractions, seed)
    without = [] if any(images["sequence"]) else [_NO_BURSTS]
    return Split(splits, [], [*without, *found])


def split_by_camera(images: pd.DataFrame, fractions: Sequence[float], *, seed: int) -> Split:
    """Has no camera in two splits; images without a camera are left out.

    Duplicates at two cameras stay there: one misfiled picture would bind the cameras together.

    Args:
      images: as `split_images` takes them.
      fractions: of train, val and test.
      seed: of the search; the best choice is found with most seeds, if not all.

    Raises:
      ValueError: fewer than two cameras, or every choice takes a species out of train.
    """
    cameras = images["camera"].to_numpy(object)
    placed = cameras != ""
    refusals.refuse_without(images["species"].tolist(), placed, "camera")
    splits = np.full(len(images), "", dtype=object)
    splits[placed], found = _divide(images.loc[placed], cameras[placed], CAMERA, fractions, seed)
    left_out = [(int(row), _NO_CAMERA) for row in np.flatnonzero(~placed)]
    return Split(splits, left_out, [*notes.note_without(placed, "camera"), *found])


def _divide(
    images: pd.DataFrame,
    group_of_image: np.ndarray,
    words: Wording,
    fractions: Sequence[float],
    seed: int,
) -> tuple[np.ndarray, list[str]]:
    """Assigns groups; returns the split of each image, and what could not be had."""
    # Sorted, so that nothing depends on the order of the rows.
    groups, group = np.unique(group_of_image, return_inverse=True)
    groups = [str(name) for name in groups]
    names, kind = np.unique(images["species"].to_numpy(object), return_inverse=True)
    species = [str(name) for name in names]
    if len(groups) < 2:
        raise ValueError(refusals.too_few_groups(groups, words))
    counts = np.zeros((len(groups), len(species)), np.int64)
    np.add.at(counts, (group, kind), 1)
    assignment = assign_groups(counts, fractions, seed=seed)
    sizes = counts.T @ (assignment.splits[:, None] == np.arange(len(SPLITS)))
    places = [[groups[row] for row in np.flatnonzero(column)] for column in counts.T]
    trained = sizes[:, TRAIN] > 0
    if not trained.all():
        message = refusals.untrained(
            {species[row]: places[row] for row in np.flatnonzero(~trained)},
            len(groups),
            words,
            # The same choice serves the others, if it tests any of them.
            excludable=trained.sum() >= 2 and bool(sizes[trained, TEST].any()),
            proven=assignment.proven[0],
        )
        raise ValueError(message)
    found = notes.group_notes(species, places, sizes, words, assignment.proven)
    found += notes.share_note(species, sizes, fractions)
    return np.array(SPLITS, object)[assignment.splits][group], found
