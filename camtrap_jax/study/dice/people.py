"""Dice's coefficient of the features that raters saw on maps, and those that people name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from jaxtyping import Bool, Float, Int

from camtrap_jax.config import Config, HumanConfig
from camtrap_jax.evaluation import bootstrap_interval
from camtrap_jax.human import Answers, agreed, dice_coefficients, fleiss_kappa, read_ratings
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import write_json, write_table
from camtrap_jax.study.dice.places import dice_folder
from camtrap_jax.study.dice.sheet import read_sheet
from camtrap_jax.study.dice.summaries import deviation

INTERVALS = {
    "dice": "95 % percentile bootstrap over the images of the species; not centred on the value, "
    "as a resample leaves out a third of the images, and the features that only they show",
    "mean_dice": "95 % percentile bootstrap over the species",
}

Shown = dict[str, Bool[np.ndarray, "images features"]]  # by species


def compare_with_people(run: RunFolder, config: Config, ratings: Sequence[Path]) -> pd.DataFrame:
    """Writes RUN/dice/dice.csv, features.csv, agreement.csv and dice.json from raters' files.

    A species' maps show a feature where enough raters saw it on enough images: see
    `config.HumanConfig`. dice.csv has a row a species; agreement.csv has the mean for every other
    choice of how many raters and images are enough.

    Args:
      run: with a scoring sheet.
      config: its settings.
      ratings: the files that the sheet saved.

    Returns:
      dice.csv.

    Raises:
      FileNotFoundError: there is no sheet, or no such file.
      ValueError: a file cannot be used, or more raters have to agree, or on more images, than
        there are.
    """
    sheet, explained = read_sheet(run)
    answers = read_ratings(ratings, sheet)
    settings = config.human
    most = max(len(one.images) for one in answers.values())
    if settings.min_images > most:
        raise ValueError(
            f"human.min_images: expected at most {most}, the images a species on the sheet, got "
            f"{settings.min_images}"
        )
    shown = {name: agreed(one.ticks, settings.agreement) for name, one in answers.items()}
    table = pd.DataFrame(
        [_species_row(name, one, shown[name], settings) for name, one in answers.items()]
    )
    folder = dice_folder(run)
    write_table(folder / "features.csv", _features(answers, shown))
    write_table(folder / "agreement.csv", _other_choices(answers))
    write_table(folder / "dice.csv", table)
    write_json(
        folder / "dice.json",
        {
            **_summary(answers, table, settings),
            "sheet": sheet.name,
            "explained": explained,
        },
    )
    return table


def _species_row(
    species: str,
    answers: Answers,
    shown: Bool[np.ndarray, "images features"],
    settings: HumanConfig,
) -> dict[str, object]:
    def dice(weights: Float[np.ndarray, "rounds images"]) -> Float[np.ndarray, " rounds"]:
        seen = weights @ shown.astype(float) >= settings.min_images
        return dice_coefficients(seen, answers.described)

    low, high = np.nan, np.nan
    if len(shown) > 1:
        low, high = bootstrap_interval(
            dice,
            np.zeros(len(shown), np.int64),
            rounds=settings.bootstrap_rounds,
            seed=settings.seed,
        )
    found = shown.sum(0) >= settings.min_images
    return {
        "species": species,
        "dice": dice(np.ones((1, len(shown))))[0],
        "low": low,
        "high": high,
        "images": len(shown),
        "descriptors": int(answers.described.sum()),
        "features": int(found.sum()),
        "common": int((found & answers.described).sum()),
        "kappa": fleiss_kappa(_votes(answers)),
    }


def _votes(answers: Answers) -> Int[np.ndarray, "items 2"]:
    """Counts the raters for and against each offered feature on each image.

    What somebody wrote is no item: the others were not asked about it.
    """
    ticks = answers.ticks[:, :, answers.offered]
    votes = ticks.sum(0).ravel()
    return np.stack([votes, len(ticks) - votes], axis=1)


def _features(answers: dict[str, Answers], shown: Shown) -> pd.DataFrame:
    """One row a species and feature: on how many images enough raters saw it."""
    rows = [
        (name, feature, kind, int(count), len(one.images))
        for name, one in answers.items()
        for feature, kind, count in zip(one.features, one.kinds, shown[name].sum(0), strict=True)
    ]
    return pd.DataFrame(rows, columns=["species", "feature", "kind", "shown_on", "images"])


def _other_choices(answers: dict[str, Answers]) -> pd.DataFrame:
    """Returns mean and deviation over species for each number of raters and of images."""
    num_raters = len(next(iter(answers.values())).raters)
    num_images = max(len(one.images) for one in answers.values())
    rows = []
    for at_least in range(1, num_raters + 1):
        counts = [agreed(one.ticks, at_least).sum(0) for one in answers.values()]
        for min_images in range(1, num_images + 1):
            values = np.array(
                [
                    dice_coefficients(seen >= min_images, one.described)
                    for seen, one in zip(counts, answers.values(), strict=True)
                ]
            )
            rows.append((at_least, min_images, values.mean(), deviation(values)))
    return pd.DataFrame(rows, columns=["agreement", "min_images", "mean_dice", "sd"])


def _summary(
    answers: dict[str, Answers], table: pd.DataFrame, settings: HumanConfig
) -> dict[str, object]:
    values = table["dice"].to_numpy(float)
    low, high = np.nan, np.nan
    if len(values) > 1:
        low, high = bootstrap_interval(
            lambda weights: weights @ values / len(values),
            np.zeros(len(values), np.int64),
            rounds=settings.bootstrap_rounds,
            seed=settings.seed,
        )
    return {
        "mean_dice": {"value": values.mean(), "low": low, "high": high},
        "standard_deviation": deviation(values),
        "species": len(values),
        "raters": list(next(iter(answers.values())).raters),
        "fleiss_kappa": fleiss_kappa(np.concatenate([_votes(one) for one in answers.values()])),
        "agreement": settings.agreement,
        "min_images": settings.min_images,
        "intervals": INTERVALS,
        "bootstrap_rounds": settings.bootstrap_rounds,
        "seed": settings.seed,
    }
