"""What a split could not give, in plain sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from camtrap_jax.data.splits.cost import TEST, TRAIN, VAL
from camtrap_jax.data.splits.wording import Wording, images, listed

_NOTICED = 0.05  # a share that is off by more, and by more than two images, is worth a sentence
_SERVED = "every species in train and some in test"
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
    proven: tuple[bool, bool, bool, bool],
) -> list[str]:
    """Says which species are hardly in train, not in test or not in val, and why.

    Args:
      species: names.
      places: the groups that each species is in.
      sizes: images in each split; all have some in train.
      words: what groups are called.
      proven: of the shortfalls of an `Assignment`, whether it is certain that they must be.
    """
    notes = []
    scarce = 2 * sizes[:, TRAIN] < sizes.sum(axis=1)
    kept = "half of every species in train"
    if scarce.any():
        kept = "every species in train, as many by half,"
    has_val = bool(sizes[:, VAL].any())
    if not has_val:
        served = f"{kept} and as many in test"
        reason = _reason(words, served, "leaves one for it", proven=proven[3])
        notes.append(f"val is empty: {reason}")
    for row, (name, where, of_split) in enumerate(zip(species, places, sizes, strict=True)):
        seen, counted = f"{name}: {words.places(where)}", in_splits(of_split)
        if scarce[row]:
            reason = _reason(words, _SERVED, "has fewer such", proven=proven[1])
            notes.append(f"{seen}, but less than half of it is in train ({counted}): {reason}")
        if len(where) == 1:
            total = images(int(of_split.sum()))
            notes.append(f"{seen}, so it is in train only ({total}); {_UNMEASURED}")
        elif not of_split[TEST]:
            reason = _reason(words, kept, "has more species in test", proven=proven[2])
            notes.append(f"{seen}, but not in test ({counted}); {_UNMEASURED}: {reason}")
    return [*notes, *(_not_in_val(species, places, sizes, words) if has_val else [])]


def _not_in_val(
    species: Sequence[str],
    places: Sequence[Sequence[str]],
    sizes: Int[np.ndarray, "species splits"],
    words: Wording,
) -> list[str]:
    """Names the species in train and test only; that it could be otherwise is not said."""
    rows = np.flatnonzero((sizes[:, TEST] > 0) & (sizes[:, VAL] == 0)).tolist()
    two = [species[row] for row in rows if len(places[row]) == 2]
    more = [species[row] for row in rows if len(places[row]) > 2]
    notes = [f"in train and test only, of {words.counted(2)} each: {listed(two)}"] if two else []
    return [*notes, *([f"in train and test, but not in val: {listed(more)}"] if more else [])]


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
    choice = f"no choice of {words.many} with {served}"
    return f"{choice} {better} (proven)" if proven else f"{choice} was found that {better}"


def _percent(shares: np.ndarray) -> str:
    return " / ".join(f"{100 * share:.0f}" for share in shares) + " %"
