"""What is refused in raters' files: doubles, gaps, and what is not on the sheet."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from camtrap_jax.human.answers import OFFERED, Sheet
from camtrap_jax.human.tables import few


def check_raters(paths: Sequence[Path], tables: Sequence[pd.DataFrame]) -> None:
    """Refuses a rater who is in two files, or who answered a question twice.

    Raises:
      ValueError: there is one.
    """
    files: dict[str, int] = {}
    for number, (path, table) in enumerate(zip(paths, tables, strict=True)):
        for rater in sorted(set(table["rater"])):
            other = files.setdefault(rater.casefold(), number)
            if other != number:
                raise ValueError(
                    f"{path}: rater {rater!r} is in {paths[other]}, too; each rater needs a name "
                    "of their own"
                )
        again = table.index[table.duplicated(["rater", "image_id", "species", "feature"])]
        if len(again):
            row = table.loc[again[0]]
            raise ValueError(
                f"{path} row {again[0]}: rater {row['rater']!r} answered twice about "
                f"{row['feature']!r} on image {row['image_id']}"
            )


def check_answers(path: Path, table: pd.DataFrame, sheet: Sheet) -> None:
    """Refuses answers to what the sheet does not ask, and gaps.

    A rater who left out a species is not one who saw nothing on its maps.

    Raises:
      ValueError: there are some.
    """
    columns = (table.index, *(table[name] for name in ("species", "image_id", "kind", "feature")))
    for number, species, image, kind, feature in zip(*columns, strict=True):
        if image not in sheet.images.get(species, ()):
            raise ValueError(
                f"{path} row {number}: image {image} of {species!r} is not on the scoring sheet"
            )
        if kind == OFFERED and feature not in sheet.features[species]:
            raise ValueError(
                f"{path} row {number}: {feature!r} is not offered for {species!r}; expected one "
                f"of {', '.join(sheet.features[species])}"
            )
    asked = {
        (name, image, feature)
        for name, images in sheet.images.items()
        for image in images
        for feature in sheet.features[name]
    }
    for rater, rows in table.loc[table["kind"] == OFFERED].groupby("rater"):
        given = set(zip(rows["species"], rows["image_id"], rows["feature"], strict=True))
        _check_gaps(path, str(rater), asked, given)
    silent = sorted(set(table["rater"]) - set(table.loc[table["kind"] == OFFERED, "rater"]))
    if silent:
        _check_gaps(path, silent[0], asked, set())


def _check_gaps(
    path: Path,
    rater: str,
    asked: set[tuple[str, str, str]],
    given: set[tuple[str, str, str]],
) -> None:
    gaps = sorted(asked - given)
    missing = sorted({name for name, _, _ in gaps} - {name for name, _, _ in given})
    if missing:
        raise ValueError(f"{path}: rater {rater!r} did not answer about {few(missing)}")
    if gaps:
        species, image, feature = gaps[0]
        raise ValueError(
            f"{path}: rater {rater!r} left out {len(gaps)} answers, the first about {feature!r} on "
            f"image {image} of {species!r}"
        )
