"""Which maps to believe: every method's measures, and what speaks against it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from camtrap_jax.explain.cam import CAMS
from camtrap_jax.explain.methods import TITLES
from camtrap_jax.report.gallery import Row
from camtrap_jax.report.numbers import estimate
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results

Measures = Mapping[str, Any]  # estimates by name

# From where on a similarity of maps (Spearman) is taken for "much the same", and "not the same".
MUCH_THE_SAME = 0.5  # after the network has forgotten everything
SAME_FOR_CLASSES = 0.9
NOT_STABLE = 0.5
CAMERAS = 12  # that are shown, of a study's hundreds
MUCH_BY_PLACE = 0.2  # of the probability, before other cameras' backgrounds
CHANCE = {"heatmap": "random_heatmap", "saliency": "random_saliency"}
COLUMNS = {
    "pointing_game": "points at animal",
    "mass_in_box": "in its box",
    "mass_in_mask": "on animal",
    "mass_in_parts": "on telling parts",
    "points_at_parts": "points at one",
    "insertion_auc": "insertion",
    "deletion_auc": "deletion",
    "class_similarity": "other class",
    "noise_similarity": "noise",
    "randomisation_similarity": "random weights",
}
SHARES = {"mass_in_box": "box", "mass_in_mask": "animal", "mass_in_parts": "parts"}


def quality_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Lists methods by measures, with the reasons to doubt each."""
    del pictures
    found = results.json("explain/quality.json")
    if not found:
        return None
    methods: dict[str, Measures] = found["methods"]
    named = [name for name in methods if name in TITLES]
    background = results.rows("quality/background.csv") or []
    cameras = results.rows("quality/background_cameras.csv") or []
    columns = [name for name in COLUMNS if any(name in methods[method] for method in named)]
    return {
        "images": found["images"],
        "columns": [COLUMNS[name] for name in columns],
        "rows": [
            {
                "title": TITLES[name],
                "values": [methods[name].get(column) for column in columns],
                "doubts": doubts(methods[name], methods[chance_of(name)]),
            }
            for name in named
        ],
        "chance": [_by_chance(found, column) for column in columns],
        "best_at_parts": _best(methods, named, "mass_in_parts"),
        "parts_share": found["shares"].get("parts"),
        "moved": _moved(background),
        "cameras": _having(cameras, "by_place")[:CAMERAS],
        "marks": sorted(_having(background, "outside"), key=lambda row: -row["outside"]),
    }


def doubts(measures: Measures, chance: Measures) -> list[str]:
    """Says what speaks against a method's maps; nothing where no measure does.

    Args:
      measures: of the method.
      chance: of maps of the same grain that know nothing.
    """
    value = {name: estimate(of)["value"] for name, of in measures.items()}
    found = []
    if value.get("randomisation_similarity", 0) >= MUCH_THE_SAME:
        found.append("draws much the same when the network has forgotten everything")
    if value.get("class_similarity", 0) >= SAME_FOR_CLASSES:
        found.append("draws much the same for another species")
    if value.get("noise_similarity", 1) < NOT_STABLE:
        found.append("changes with a little noise on the image")
    deletion, by_chance = (estimate(of.get("deletion_auc")) for of in (measures, chance))
    if not deletion["high"] < by_chance["low"]:
        found.append("finds what the network needs no better than chance")
    return found


def chance_of(method: str) -> str:
    """Names the random maps that have a method's grain: cells of a layer, or pixels."""
    is_coarse = method in CAMS or method == "score_cam"
    return CHANCE["heatmap" if is_coarse else "saliency"]


def _moved(background: list[Row]) -> list[Row]:
    """Returns the species whose animals were moved, and what the network knows them by."""
    return [{**row, "doubt": _doubt_of_place(row)} for row in _having(background, "by_place")]


def _doubt_of_place(row: Row) -> str | None:
    """Says what the network does with a species' place, where that is much and not by chance."""
    needs, takes = (
        row[measure] >= MUCH_BY_PLACE and row[f"{measure}_low"] > 0 for measure in ("lost", "alone")
    )
    if needs:
        return "needs the place, and names it without the animal" if takes else "needs the place"
    return "names the place without the animal" if takes else None


def _having(rows: list[Row], column: str) -> list[Row]:
    return [row for row in rows if not math.isnan(row.get(column, math.nan))]


def _by_chance(found: dict[str, Any], column: str) -> Any:
    """Returns what a map that knows nothing scores: the region's share, or that of random maps."""
    if column in SHARES:
        return found["shares"].get(SHARES[column])
    return found["methods"][CHANCE["saliency"]].get(column)


def _best(methods: dict[str, Measures], named: list[str], measure: str) -> str | None:
    scored = {name: estimate(methods[name].get(measure))["value"] for name in named}
    scored = {name: value for name, value in scored.items() if not math.isnan(value)}
    return TITLES[max(scored, key=lambda name: scored[name])] if scored else None
