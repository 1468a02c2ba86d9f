"""The scoring sheet of a run: which images and which features it asks raters about."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from camtrap_jax.config import Config
from camtrap_jax.human import Sheet, Vocabulary, offered_features, read_descriptors
from camtrap_jax.human.answers import Texts
from camtrap_jax.report.gallery import random_gallery
from camtrap_jax.report.scoring_sheet import MAP, write_sheet
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import hash_json, read_json, read_table, write_json, write_table
from camtrap_jax.study.dice.places import SHEET, dice_folder, explained_key
from camtrap_jax.study.planted import read_planted_truth
from camtrap_jax.study.stages import check_has_ended

_WORDS, _FEATURES, _IMAGES = "descriptors.csv", "sheet_features.csv", "sheet_images.csv"
_FACTS = "sheet.json"
GENERAL = ("background",)  # offered where the descriptors name nothing that is of no species


def has_words(run: RunFolder) -> bool:
    """Tells whether a sheet can be made without a file of descriptors."""
    return (dice_folder(run) / _WORDS).exists() or planted_words(run) is not None


def make_scoring_sheet(
    run: RunFolder, config: Config, descriptors: Path | None, *, overwrite: bool = False
) -> list[str]:
    """Writes RUN/dice/scoring_sheet.html, a page for raters that needs nothing but a browser.

    Args:
      run: one that was explained, with guided Grad-CAM.
      config: its settings.
      descriptors: CSV of `species,descriptor`; without, those of the sheet that is there, or the
        diagnostic parts that a synthetic source planted.
      overwrite: whether another sheet may be replaced, whose ratings do not fit this one.

    Returns:
      The known species that are not on it, because no image of theirs is.

    Raises:
      FileNotFoundError: there is no such file, or none is given and there are no other words.
      ValueError: the run was not explained, or the descriptors cannot be used.
      FileExistsError: there is a sheet of other images, maps or descriptors.
    """
    check_has_ended("explain", run)
    vocabulary = _vocabulary(run, descriptors)
    images = _gallery(run, config)
    left_out = [name for name in run.dataset.classes if name not in images]
    features, kinds = offered_features(
        vocabulary, list(images), decoys=config.human.decoys, seed=config.human.seed
    )
    key = explained_key(run)
    sheet = Sheet(hash_json([features, images, key]), features, kinds, images)
    folder = dice_folder(run)
    facts = folder / _FACTS
    if facts.exists() and not overwrite and read_json(facts)["sheet"] != sheet.name:
        raise FileExistsError(
            f"{folder / SHEET}: is there, with other images, maps or features; --overwrite makes a "
            "new one, which ratings of the old one do not fit"
        )
    words = sorted({word for several in vocabulary.descriptors.values() for word in several})
    write_sheet(folder / SHEET, run, sheet, words)
    write_table(folder / _WORDS, _long(vocabulary.descriptors, "descriptor", vocabulary.general))
    write_table(folder / _FEATURES, _long(features, "feature").assign(kind=sum(kinds.values(), ())))
    write_table(folder / _IMAGES, _long(images, "image_id"))
    settings = {"decoys": config.human.decoys, "seed": config.human.seed, "left_out": left_out}
    write_json(facts, {"sheet": sheet.name, "explained": key, **settings})
    return left_out


def read_sheet(run: RunFolder) -> tuple[Sheet, str]:
    """Reads the questions of the run's sheet, and the mark of the maps that it shows.

    Raises:
      FileNotFoundError: there is none.
    """
    folder = dice_folder(run)
    if not (folder / _FACTS).exists():
        raise FileNotFoundError(
            f"{folder / SHEET}: not found; `camtrap dice --descriptors=FILE` makes it"
        )
    facts, table = read_json(folder / _FACTS), read_table(folder / _FEATURES)
    images = _grouped(read_table(folder / _IMAGES), "image_id")
    features, kinds = _grouped(table, "feature"), _grouped(table, "kind")
    return Sheet(facts["sheet"], features, kinds, images), facts["explained"]


def planted_words(run: RunFolder) -> Vocabulary | None:
    """Returns the parts that a synthetic source drew to tell species apart; None where it did not.

    Cut-outs of real animals have no parts that anybody planted.
    """
    truth = read_planted_truth(run)
    if truth is None:
        return None
    parts = {
        name: tuple(part.replace("_", " ") for part in species["diagnostic_parts"])
        for name, species in truth.values.get("species", {}).items()
    }
    names_parts = any(own != ("animal",) for own in parts.values())
    is_whole = all(parts.get(name) for name in run.dataset.classes)
    return Vocabulary(parts, GENERAL) if names_parts and is_whole else None


def _vocabulary(run: RunFolder, path: Path | None) -> Vocabulary:
    kept = dice_folder(run) / _WORDS
    if path is None and kept.exists():
        path = kept
    planted = planted_words(run) if path is None else None
    if planted is not None:
        return planted
    if path is None:
        raise FileNotFoundError(
            "--descriptors: expected a CSV of species,descriptor, what people know each species "
            "by; the scoring sheet asks for it"
        )
    words = read_descriptors(path, run.dataset.classes)
    return Vocabulary(words.descriptors, words.general or GENERAL)


def _gallery(run: RunFolder, config: Config) -> Texts:
    """Draws the images of each species that have a stored map; no people among them."""
    if not run.has_array(MAP):
        raise ValueError(
            f"{run.root / 'explain'}: expected {MAP}, which the scoring sheet shows, among the "
            "maps; run `camtrap explain` with it in explain.maps"
        )
    drawn = set(random_gallery(run, config.explain, limit=config.human.images_per_species))
    drawn &= set(run.maps_index["image_id"])
    species = dict(zip(run.index["image_id"], run.index["species"], strict=True))
    found = {
        name: tuple(sorted(one for one in drawn if species[one] == name))
        for name in run.dataset.classes
    }
    images = {name: ids for name, ids in found.items() if ids}
    if not images:
        raise ValueError(
            f"{run.root / 'explain' / 'maps_index.csv'}: expected test images of known species, "
            "got none; prepare the dataset with another --split"
        )
    return images


def _long(values: Texts, column: str, general: tuple[str, ...] = ()) -> pd.DataFrame:
    rows = [(name, value) for name, several in values.items() for value in several]
    rows += [("*", value) for value in general]
    return pd.DataFrame(rows, columns=["species", column])


def _grouped(table: pd.DataFrame, column: str) -> Texts:
    groups = table.groupby("species", sort=False)
    return {str(name): tuple(part[column].astype(str)) for name, part in groups}
