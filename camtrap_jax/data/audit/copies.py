"""Pictures that are stored more than once, and labels that contradict one another."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Int

from camtrap_jax.data.bursts import burst_names

_MOST_LISTED = 500  # entries: the file stays readable
_MOST_FILES = 12  # of a group of near-duplicates


@dataclass(frozen=True, slots=True)
class Findings:
    """Entries of one kind.

    Attributes:
      listed: the first of them.
      total: how many there are of them, and of their files.
    """

    listed: list[Any]
    total: dict[str, int]


def exact_copies(images: pd.DataFrame) -> Findings:
    """Lists groups of different files with the same bytes and the same label."""
    files = images.drop_duplicates(["sha256", "species", "filepath"])
    files = files.assign(group=files["sha256"] + "\0" + files["species"])
    copied = files.loc[_num_distinct(files, "group", "filepath") > 1]
    groups = [group["filepath"].tolist()[:_MOST_FILES] for group in _first_groups(copied, "group")]
    return Findings(groups, _total(copied, "group"))


def with_two_labels(images: pd.DataFrame) -> Findings:
    """Lists pictures, by their bytes, that are stored under several labels."""
    twice = images.loc[_num_distinct(images, "sha256", "species") > 1]
    pictures = [
        {
            "species": sorted(set(rows["species"])),
            "filepaths": rows["filepath"].tolist()[:_MOST_FILES],
            "image_ids": rows["image_id"].tolist()[:_MOST_FILES],
        }
        for rows in _first_groups(twice, "sha256")
    ]
    return Findings(pictures, _total(twice, "sha256"))


def near_copies(animals: pd.DataFrame) -> Findings:
    """Lists groups of files that look alike without being the same, the largest first.

    Frames of one burst often do; groups with files of several bursts come before those.

    Args:
      animals: images of known and unknown species: empty frames of a camera all look alike.
    """
    files = animals.drop_duplicates("filepath")
    files = files.assign(burst=burst_names(files))
    alike = files.loc[_num_distinct(files, "near_duplicate", "sha256") > 1]
    alike = alike.assign(
        is_one_burst=(_num_distinct(alike, "near_duplicate", "burst") == 1)
        & (alike["burst"] != ""),
        rank=-_num_distinct(alike, "near_duplicate", "filepath"),
    )
    listed = [
        {
            "files": len(group),
            "one_burst": bool(group["is_one_burst"].all()),
            "species": sorted(set(group["species"])),
            "filepaths": group["filepath"].tolist()[:_MOST_FILES],
        }
        for group in _first_groups(alike, "near_duplicate", order=["is_one_burst", "rank"])
    ]
    total = _total(alike, "near_duplicate")
    total["across_bursts"] = len(set(alike.loc[~alike["is_one_burst"], "near_duplicate"]))
    total["largest"] = -min(alike["rank"], default=0)
    return Findings(listed, total)


def near_copies_two_labels(animals: pd.DataFrame) -> Findings:
    """Lists groups that look alike although their labels differ: one of them may be wrong.

    A group of which every picture has the same labels, be they two, is none of them.

    Args:
      animals: images of known and unknown species.
    """
    labels = defaultdict(set)
    for picture, name in zip(animals["sha256"], animals["species"], strict=True):
        labels[picture].add(name)
    # One text for each set of labels; no label has a zero byte.
    texts = {picture: "\0".join(sorted(names)) for picture, names in labels.items()}
    labelled = animals.assign(labels=[texts[picture] for picture in animals["sha256"]])
    doubtful = labelled.loc[_num_distinct(labelled, "near_duplicate", "labels") > 1]
    groups = [
        {
            "files": len(set(group["filepath"])),
            "species": sorted(set(group["species"])),
            "images": _records(group.head(_MOST_FILES)),
        }
        for group in _first_groups(doubtful, "near_duplicate")
    ]
    return Findings(groups, _total(doubtful, "near_duplicate"))


def with_people(animals: pd.DataFrame) -> Findings:
    """Lists images under a species' label that show people."""
    shown = animals.loc[animals["people"] == 1].sort_values(["filepath", "species"])
    return Findings(_records(shown.head(_MOST_LISTED)), _total(shown, "sha256"))


def labels_alike(labels: Iterable[str]) -> list[list[str]]:
    """Lists labels that differ in case, spaces, hyphens or underscores only."""
    groups = defaultdict(set)
    for label in set(labels):
        groups["".join(re.split(r"[\s_-]+", label.casefold()))].add(label)
    return sorted(sorted(names) for names in groups.values() if len(names) > 1)


def _num_distinct(images: pd.DataFrame, by: str, column: str) -> Int[np.ndarray, " images"]:
    """Returns for each image how many values of `column` its group has."""
    groups, values = (pd.factorize(images[name])[0] for name in (by, column))
    num_values = values.max(initial=0) + 1
    pairs = np.unique(groups * num_values + values)
    return np.bincount(pairs // num_values)[groups]


def _first_groups(
    images: pd.DataFrame, by: str, *, order: Sequence[str] = ()
) -> Iterator[pd.DataFrame]:
    """Yields the first groups: by `order`, where given, then by their first file."""
    rows = images.sort_values([*order, "filepath", "species"], kind="stable")
    first = rows[by].drop_duplicates().head(_MOST_LISTED)
    for _, group in rows.loc[rows[by].isin(first)].groupby(by, sort=False):
        yield group


def _records(images: pd.DataFrame) -> list[dict[str, str]]:
    return [
        {"filepath": path, "species": name}
        for path, name in zip(images["filepath"], images["species"], strict=True)
    ]


def _total(images: pd.DataFrame, by: str) -> dict[str, int]:
    return {"groups": len(set(images[by])), "files": len(set(images["filepath"]))}
