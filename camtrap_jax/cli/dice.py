"""camtrap dice: compares what maps show with what people know species by.

First a scoring sheet for raters, RUN/dice/scoring_sheet.html, then what they saw:

camtrap dice --workdir=RUN --descriptors=descriptors.csv
camtrap dice --workdir=RUN --ratings=ratings-ana.csv,ratings-ben.csv

And pixel by pixel with features that somebody marked: a folder of PNG masks, COCO's JSON, or a
folder of LabelMe files. Without, on synthetic images, with the parts that were planted:

camtrap dice --workdir=RUN --masks=PATH
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from absl import flags as absl_flags

from camtrap_jax.cli import flags
from camtrap_jax.config import Config
from camtrap_jax.config_checks import validate
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json


def define_flags() -> None:
    """Defines the command's flags."""
    flags.define_workdir()
    flags.define_config()
    flags.define_overwrite()
    absl_flags.DEFINE_string("descriptors", None, "CSV of species,descriptor, for the sheet")
    absl_flags.DEFINE_list("ratings", None, "files that the sheet saved: compares them")
    absl_flags.DEFINE_string("masks", None, "features marked on pictures: PNG, COCO or LabelMe")
    absl_flags.register_multi_flags_validator(
        ("descriptors", "ratings"),
        lambda given: not (given["descriptors"] and given["ratings"]),
        message="expected --descriptors, for a sheet, or --ratings of one, not both",
    )


def main() -> None:
    """Makes the sheet, or reads the ratings; compares masks where there are some."""
    run, config = flags.open_existing_run()
    validate(config)
    values = absl_flags.FLAGS
    if values.ratings:
        _compare_with_people(run, config, [Path(name) for name in values.ratings])
    if not values.ratings:
        _make_sheet(run, config, values.descriptors, is_optional=bool(values.masks))
    if values.masks or not (values.ratings or values.descriptors):
        _compare_with_marks(run, config, values.masks)


def _compare_with_people(run: RunFolder, config: Config, ratings: list[Path]) -> None:
    from camtrap_jax.study.dice import compare_with_people  # noqa: PLC0415

    table = compare_with_people(run, config, ratings)
    _print(table[["species", "dice", "low", "high", "kappa"]])
    print(f"mean {table['dice'].mean():.2f}, standard deviation {table['dice'].std():.2f}")
    print(f"dice: done, {run.root / 'dice' / 'dice.csv'}")


def _compare_with_marks(run: RunFolder, config: Config, masks: str | None) -> None:
    from camtrap_jax.study.dice import best_thresholds, compare_with_marks  # noqa: PLC0415

    table = compare_with_marks(run, config, Path(masks) if masks else None)
    if table is not None:
        best = [best_thresholds(table).get(name) for name in table["map"]]
        chosen = table["threshold"].isna() | (table["threshold"] == best)
        _print(table.loc[chosen].drop(columns="sd"))  # the mask's size, and the best of the sweep
        for note in read_json(run.root / "dice" / "mask_dice.json")["notes"]:
            print(f"dice: {note}")
        print(f"dice: done, {run.root / 'dice' / 'mask_dice.csv'}")


def _make_sheet(
    run: RunFolder, config: Config, descriptors: str | None, *, is_optional: bool
) -> None:
    from camtrap_jax.study.dice import has_words, make_scoring_sheet  # noqa: PLC0415

    if is_optional and not descriptors and not has_words(run):
        return
    path = Path(descriptors) if descriptors else None
    left_out = make_scoring_sheet(run, config, path, overwrite=absl_flags.FLAGS.overwrite)
    if left_out:
        print(f"dice: no test images, so not on the sheet: {', '.join(left_out)}")
    print(f"dice: done, {run.root / 'dice' / 'scoring_sheet.html'}")


def _print(table: Any) -> None:
    """Prints a table; an undefined number is a blank."""
    print(table.round(2).to_string(index=False, na_rep=""))
