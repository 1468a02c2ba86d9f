"""A split by two moments: train comes before val, and val before test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from camtrap_jax.data.bursts import burst_names
from camtrap_jax.data.duplicates import exact_duplicates
from camtrap_jax.data.splits import notes, refusals
from camtrap_jax.data.splits.cost import TEST, VAL
from camtrap_jax.data.splits.split import SPLITS, Split

_NO_TIME = "no time: left out of a split by time"


def split_by_time(images: pd.DataFrame, fractions: Sequence[float]) -> Split:
    """Puts the borders where the mean over species of the shares is the nearest to the wanted one.

    Between the borders lie whole bursts, and all images of one moment are on the same side. Every
    species has training images, if need be by a later border; the rest is then divided between val
    and test as wanted. Images without a time are left out. Nothing is drawn.

    Args:
      images: as `split_images` takes them.
      fractions: of train, val and test.

    Raises:
      ValueError: no image has a time, there is one burst only, or a species has no images but in
        the last of them.
    """
    timed = images["datetime"].to_numpy(object) != ""
    refusals.refuse_without(images["species"].tolist(), timed, "time")
    kept = images.loc[timed]
    names, kind = np.unique(kept["species"].to_numpy(object), return_inverse=True)
    species = [str(name) for name in names]
    period = _periods(kept)
    first_seen = np.full(len(species), len(kept))
    np.minimum.at(first_seen, kind, period)
    num_periods = int(period.max()) + 1
    _refuse_late(species, first_seen, num_periods)
    weights = 1 / (len(species) * np.bincount(kind)[kind])
    share = np.concatenate([[0.0], np.cumsum(np.bincount(period, weights))])
    borders = _borders(share, int(first_seen.max()) + 1, fractions)
    part = np.searchsorted(borders, period, side="right")
    sizes = np.zeros((len(species), len(SPLITS)), np.int64)
    np.add.at(sizes, (kind, part), 1)
    splits = np.full(len(images), "", dtype=object)
    splits[timed] = np.array(SPLITS, object)[part]
    found = [
        *notes.note_without(timed, "time"),
        *_notes(species, sizes, kept, kind, part),
        *notes.share_note(species, sizes, fractions),
    ]
    return Split(splits, [(int(row), _NO_TIME) for row in np.flatnonzero(~timed)], found)


def _periods(images: pd.DataFrame) -> Int[np.ndarray, " images"]:
    """Numbers, in order of time, the shortest periods that no burst and no moment crosses."""
    times = images["datetime"].to_numpy(str).astype("datetime64[s]").astype(np.int64)
    burst = exact_duplicates(burst_names(images))
    start = np.full(burst.max() + 1, times.max())
    end = np.full(burst.max() + 1, times.min())
    np.minimum.at(start, burst, times)
    np.maximum.at(end, burst, times)
    order = np.argsort(start, kind="stable")
    ended = np.maximum.accumulate(end[order])
    period = np.zeros(len(order), np.int64)
    period[order[1:]] = np.cumsum(start[order[1:]] > ended[:-1])
    return period[burst]


def _borders(
    share: Float[np.ndarray, " borders"], earliest: int, fractions: Sequence[float]
) -> list[int]:
    """Returns the first period of val and of test.

    Args:
      share: of the images before each border, each species by itself, on the mean of species.
      earliest: border at which every species has been seen; before the last border.
      fractions: of train, val and test.
    """
    train, val, test = np.asarray(fractions) / sum(fractions)
    last = len(share) - 2
    begin_val = _nearest(share, earliest, last, train)
    begin_test = train + val
    if begin_val > _nearest(share, 1, last, train):
        begin_test = share[begin_val] + (1 - share[begin_val]) * val / (val + test)
    return [begin_val, _nearest(share, begin_val, last, begin_test)]


def _nearest(share: Float[np.ndarray, " borders"], low: int, high: int, wanted: float) -> int:
    """Returns the border, from `low` to `high`, whose share is the nearest; the earlier of two."""
    return low + int(np.abs(share[low : high + 1] - wanted).round(12).argmin())


def _refuse_late(
    species: list[str], first_seen: Int[np.ndarray, " species"], num_periods: int
) -> None:
    if num_periods < 2:
        raise ValueError(
            "--split=time: expected at least 2 bursts one after the other, got 1; "
            "use --split=sequence"
        )
    late = [species[row] for row in np.flatnonzero(first_seen == num_periods - 1)]
    if late:
        raise ValueError(
            f"--split=time: species seen in the last burst only, so not in train: "
            f"{', '.join(late)}; {refusals.excluding(late, 'sequence')}"
        )


def _notes(
    species: list[str],
    sizes: Int[np.ndarray, "species splits"],
    images: pd.DataFrame,
    kind: Int[np.ndarray, " images"],
    part: Int[np.ndarray, " images"],
) -> list[str]:
    """Says which species have no test or validation images."""
    times = images["datetime"].to_numpy(object)
    begins = [min(times[part == split], default="") for split in range(len(SPLITS))]
    found = [] if begins[VAL] else ["val is empty: no border between bursts is nearer to its share"]
    for row, name in enumerate(species):
        of_split = notes.in_splits(sizes[row])
        if not sizes[row, TEST]:
            last = max(times[kind == row])
            found.append(
                f"{name}: last seen {last}, and test begins {begins[TEST]}, so it is not in test "
                f"({of_split}); its accuracy cannot be measured"
            )
        elif begins[VAL] and not sizes[row, VAL]:
            found.append(
                f"{name}: not seen from {begins[VAL]} on and before {begins[TEST]}, so it is not "
                f"in val ({of_split})"
            )
    return found
