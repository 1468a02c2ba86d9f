"""What people see: the features that maps show beside those that people know species by."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.explain.methods import TITLES
from camtrap_jax.human.answers import DESCRIPTOR
from camtrap_jax.report.gallery import Row
from camtrap_jax.report.human_figures import dice_dots, mask_dice_curves
from camtrap_jax.report.numbers import number
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results

SWEPT = "fraction_of_maximum"


def human_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Shows what raters saw, and how maps overlap what was marked; either may be missing."""
    people, marks = _people(results, pictures), _marks(results, pictures)
    return None if people is None and marks is None else {"people": people, "marks": marks}


def _people(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Lists species by Dice's coefficient, with the features behind it."""
    found = results.json("dice/dice.json")
    rows, features = results.rows("dice/dice.csv"), results.rows("dice/features.csv")
    if not found or rows is None or features is None:
        return None
    species = [_with_features(row, features, found["min_images"]) for row in rows]
    species.sort(key=lambda row: (-row["dice"], row["species"]))
    values, lows, highs = (
        np.array([row[name] for row in species], float) for name in ("dice", "low", "high")
    )
    mean = number(found["mean_dice"]["value"])
    figure = dice_dots([row["species"] for row in species], values, lows, highs, mean=mean)
    return {
        **found,
        "rows": species,
        "choices": [
            row
            for row in results.rows("dice/agreement.csv") or []
            if row["agreement"] == found["agreement"]
        ],
        "figure": pictures.save_figure(figure, "dice"),
        "is_old": _is_old(results, found),
    }


def _with_features(row: Row, features: list[Row], min_images: int) -> Row:
    """Sorts a species' features into those that maps and people share, and those of one side."""
    own = [one for one in features if one["species"] == row["species"]]
    shown = {one["feature"] for one in own if one["shown_on"] >= min_images}
    described = [one["feature"] for one in own if one["kind"] == DESCRIPTOR]
    return {
        **row,
        "shared": [name for name in described if name in shown],
        "not_shown": [name for name in described if name not in shown],
        "also_shown": [one["feature"] for one in own if one["feature"] in shown - {*described}],
    }


def _marks(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws the sweep over thresholds, and lists each method's best and that of the mask's size."""
    found, table = results.json("dice/mask_dice.json"), results.table("dice/mask_dice.csv")
    species = results.table("dice/mask_dice_species.csv")
    if not found or table is None or species is None:
        return None
    curves = {
        TITLES.get(str(name), str(name)): part.loc[part["binarisation"] == SWEPT]
        for name, part in table.groupby("map", sort=False)
    }
    figure = mask_dice_curves(curves)
    methods = [_method(str(name), part) for name, part in table.groupby("map", sort=False)]
    return {
        **found,
        "methods": methods,
        "figure": pictures.save_figure(figure, "mask-dice"),
        "species": _by_species(species),
        "titles": [row["title"] for row in methods],
        "is_old": _is_old(results, found),
    }


def _method(name: str, rows: pd.DataFrame) -> Row:
    """Returns a method's row of the mask's size, and that of its best threshold, if any."""
    swept = rows.loc[(rows["binarisation"] == SWEPT) & rows["mean"].notna()]
    best = swept.loc[swept["mean"].idxmax()].to_dict() if len(swept) else None
    by_size = rows.loc[rows["binarisation"] != SWEPT].iloc[0].to_dict()
    return {
        "title": TITLES.get(name, name),
        "by_size": _estimated(by_size),
        "best": _estimated(best),
    }


def _by_species(table: pd.DataFrame) -> list[Row]:
    """Returns a row a species, with each method's coefficient at the mask's size."""
    by_size = table.loc[table["binarisation"] != SWEPT]
    rows = [
        {
            "species": species,
            "images": int(part["images"].max()),
            "values": [_estimated(row) for row in part.to_dict("records")],
            "by_chance": float(part["by_chance"].mean()),
        }
        for species, part in by_size.groupby("species", sort=False)
    ]
    return sorted(rows, key=lambda row: str(row["species"]))


def _estimated(row: Any) -> Row | None:
    return None if row is None else {**row, "value": row["mean"]}


def _is_old(results: Results, found: dict[str, Any]) -> bool:
    """Tells whether the maps, or the sheet, were made anew since people looked at them."""
    sheet = results.json("dice/sheet.json").get("sheet")
    is_another = "sheet" in found and sheet is not None and found["sheet"] != sheet
    return is_another or found.get("explained") != results.json("explain/stage.json").get("key")
