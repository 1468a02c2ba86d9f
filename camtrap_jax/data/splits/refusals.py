"""Why a split cannot be had, and what to do: one line each."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

import numpy as np

from camtrap_jax.data.splits.wording import Wording, images, listed


def refuse_without(species: Sequence[str], known: np.ndarray, method: str) -> None:
    """Refuses a species none of whose images has the camera or time that a split goes by.

    Args:
      species: of each image.
      known: [images] whether it is known.
      method: `camera` or `time`.

    Raises:
      ValueError: there is such a species.
    """
    names = np.asarray(species, dtype=object)
    if not known.any():
        raise ValueError(
            f"--split={method}: none of {images(len(names))} has a {method}; use --split=sequence"
        )
    bare = sorted(set(names) - set(names[known]))
    if bare:
        counted = listed([f"{name} ({images(int((names == name).sum()))})" for name in bare])
        raise ValueError(
            f"--split={method}: species without any image that has a {method}: {counted}; "
            + excluding(bare, "sequence")
        )


def too_few_groups(groups: Sequence[str], words: Wording) -> str:
    """Says that there is nothing to divide."""
    names = f" ({groups[0]})" if words.named else ""
    return (
        f"--split={words.split}: expected at least 2 {words.many}, got {len(groups)}{names}; "
        f"use --split={words.instead}"
    )


def untrained(
    places: Mapping[str, Sequence[str]],
    num_groups: int,
    words: Wording,
    *,
    excludable: bool,
    proven: bool,
) -> str:
    """Says that species are left without training images.

    Args:
      places: the groups of each of these species.
      num_groups: in all.
      words: what groups are called.
      excludable: whether the split can be had without these species.
      proven: whether no choice is better.
    """
    found = "no choice" if proven else "no choice was found"
    leaves = "leaves" if proven else "that leaves"
    names = listed([f"{name} is {words.places(where)}" for name, where in places.items()])
    cure = excluding(list(places), words.instead) if excludable else f"use --split={words.instead}"
    return (
        f"--split={words.split}: {found} of {words.many} for test, among {num_groups}, {leaves} "
        f"training images of every species: {names}; {cure}"
    )


def excluding(species: Sequence[str], instead: str) -> str:
    """Names the setting that leaves species out."""
    setting = f"--config.data.excluded_labels={shlex.quote(','.join(species))}"
    them = "it" if len(species) == 1 else "them"
    return f"leave {them} out with {setting}, or use --split={instead}"
