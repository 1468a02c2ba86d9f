"""Raters' files, as the scoring sheet saves them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax.human.answers import COLUMNS, OFFERED, TYPED, Answers, Sheet
from camtrap_jax.human.rating_checks import check_answers, check_raters
from camtrap_jax.human.tables import read_people_table, tidied


def read_ratings(paths: Sequence[Path], sheet: Sheet) -> dict[str, Answers]:
    """Reads the files that the scoring sheet saved, one or several raters each.

    Args:
      paths: of the files.
      sheet: the sheet.

    Returns:
      The answers about each species.

    Raises:
      FileNotFoundError: a file is not there.
      ValueError: it is of another sheet; a rater is in two files or answered twice; a species, an
        image or an answer is missing; an image or a feature is none of the sheet's; `shown` is
        neither 0 nor 1.
    """
    tables = [_read(path, sheet) for path in paths]
    check_raters(paths, tables)
    for path, table in zip(paths, tables, strict=True):
        check_answers(path, table, sheet)
    ratings = pd.concat(tables, ignore_index=True)
    raters = tuple(sorted(set(ratings["rater"])))
    return {
        species: _answers(ratings.loc[ratings["species"] == species], raters, sheet, species)
        for species in sheet.features
    }


def _read(path: Path, sheet: Sheet) -> pd.DataFrame:
    table = read_people_table(path, COLUMNS)
    if table.empty:
        raise ValueError(f"{path}: expected answers, got none")
    allowed = {"sheet": (sheet.name,), "kind": (OFFERED, TYPED), "shown": ("0", "1")}
    for column, expected in allowed.items():
        wrong = [row for row, value in table[column].items() if value not in expected]
        if wrong:
            advice = "; it was saved by another scoring sheet" if column == "sheet" else ""
            raise ValueError(
                f"{path} row {wrong[0]}: expected {column} to be {' or '.join(expected)}, got "
                f"{table.loc[wrong[0], column]!r}{advice}"
            )
    table["feature"] = table["feature"].map(tidied)
    return table


def _answers(ratings: pd.DataFrame, raters: tuple[str, ...], sheet: Sheet, species: str) -> Answers:
    offered, images = sheet.features[species], sheet.images[species]
    seen = ratings.loc[ratings["shown"] == "1"]
    # A rater who types an offered feature means that feature.
    typed = sorted(set(seen["feature"]) - set(offered))
    features = (*offered, *typed)
    ticks = np.zeros((len(raters), len(images), len(features)), bool)
    ticks[
        pd.Index(raters).get_indexer(pd.Index(seen["rater"])),
        pd.Index(images).get_indexer(pd.Index(seen["image_id"])),
        pd.Index(features).get_indexer(pd.Index(seen["feature"])),
    ] = True
    kinds = (*sheet.kinds[species], *(TYPED for _ in typed))
    return Answers(raters, images, features, kinds, ticks)
