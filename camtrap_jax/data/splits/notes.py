"""What a split could not give, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from camtrap_jax.data.splits.cost import TEST, TRAIN, VAL
from camtrap_jax.data.splits.wording import Wording, images

_NOTICED = 0.05  # a share that is off by more, and by more than two images, is worth a sentence
_UNMEASURED = "its accuracy cannot be measured"


def note_without(known: np.ndarray, method: str) -> list[str]:
    """Says how many images lack the camera or time that a split goes by."""
    bare = int((~known).sum())
    have = "has" if bare == 1 else "have"
    left = f"{bare} of {images(len(known))} {have} no {method} and are left out"
    return [left.replace("and are", "and is") if bare == 1 else left] if bare else []


def group_notes(
    species: Sequence[str],
    places: Sequence[Sequence[str]],
    sizes: Int[np.ndarray, "species splits"],
    words: Wording,
    proven: tuple[bool, bool, bool],
) -> list[str]:
    """Says which species are not in test or val, and why.

    Args:
      species: names.
      places: the groups that each species is in.
      sizes: images in each split; all have some in train.
      words: what groups are called.
      proven: of train, test and val: whether it is certain that there is no better choice.
    """
    notes = []
    has_val = bool(sizes[:, VAL].any())
    if not has_val:
        reason = _reason(words, "train and test", "leaves one for it", proven=proven[2])
        notes.append(f"val is empty: {reason}")
    for name, where, of_split in zip(species, places, sizes, strict=True):
        seen = f"{name}: {words.places(where)}"
        if len(where) == 1:
            total = images(int(of_split.sum()))
            notes.append(f"{seen}, so it is in train only ({total}); {_UNMEASURED}")
        elif not of_split[TEST]:
            reason = _reason(words, "train", "has more in test", proven=proven[1])
            notes.append(
                f"{seen}, but not in test ({in_splits(of_split)}); {_UNMEASURED}: {reason}"
            )
        elif has_val and not of_split[VAL] and len(where) == 2:
            notes.append(f"{seen}, so it is in train and test only ({in_splits(of_split)})")
        elif has_val and not of_split[VAL]:
            reason = _reason(words, "train and test", "has more in val", proven=proven[2])
            notes.append(f"{seen}, but not in val ({in_splits(of_split)}): {reason}")
    return notes


def share_note(
    species: Sequence[str], sizes: Int[np.ndarray, "species splits"], fractions: Sequence[float]
) -> list[str]:
    """Says how far shares are off, where that is more than 5 % and two images of a species."""
    wanted = np.asarray(fractions) / sum(fractions)
    total = sizes.sum(axis=1, keepdims=True)
    shares = sizes / total
    off = np.abs(shares - wanted)
    noticed = ((off > _NOTICED) & (off * total > 2)).any(axis=1)
    if not noticed.any():
        return []
    worst = int(np.where(noticed, off.sum(axis=1).round(9), 0).argmax())
    return [
        f"shares of train, val and test: {_percent(shares.mean(axis=0))} on the mean of "
        f"{len(species)} species, {_percent(shares[worst])} of {species[worst]} (furthest off); "
        f"wanted {_percent(wanted)}"
    ]


def in_splits(sizes: Int[np.ndarray, " splits"]) -> str:
    """Writes the images of a species in each split."""
    return f"train {sizes[TRAIN]}, val {sizes[VAL]}, test {sizes[TEST]}"


def _reason(words: Wording, served: str, better: str, *, proven: bool) -> str:
    """Says that more cannot be had, and how certain that is."""
    choice = f"no choice of {words.many} with as many species in {served}"
    return f"{choice} {better} (proven)" if proven else f"{choice} was found that {better}"


def _percent(shares: np.ndarray) -> str:
    return " / ".join(f"{100 * share:.0f}" for share in shares) + " %"
