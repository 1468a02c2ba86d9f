"""The units that carry each species, the patches they respond to, and which know the place."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import Any

from camtrap_jax.report.gallery import Row
from camtrap_jax.report.numbers import number
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.report.sheets import contact_sheet

IMPURE = 2 / 3  # share of a unit's patches from one camera that calls for a warning
BOUND = 0.5  # share of a species' information gone given the camera that calls for a warning
ALIKE = 0.5  # share of two units' information that they have in common and that is worth a word


def units_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws a contact sheet for each species and top unit."""
    top, patches = results.rows("units/top_units.csv"), results.rows("units/patches.csv")
    if top is None or patches is None:
        return None
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for patch in sorted(patches, key=lambda row: row["patch"]):
        groups[patch["species"], patch["rank"]].append(patch)
    top.sort(key=lambda row: row["rank"])
    places = results.config.units.patches
    pairs = results.rows("units/redundancy.csv") or []
    lost = {row["species"]: row["lost"] for row in results.rows("units/species.csv") or []}
    species = []
    for label, name in enumerate(results.run.dataset.classes):
        units = [
            _unit(row, groups[name, row["rank"]], pictures, places, f"{label}-{name}")
            for row in top
            if row["species"] == name
        ]
        alike = [row for row in pairs if row["species"] == name and number(row["share"]) >= ALIKE]
        warned = sum(unit["warned"] for unit in units)
        gone = number(lost.get(name))
        species.append({"name": name, "units": units, "warned": warned, "alike": alike,
                        "lost": gone, "is_bound": gone >= BOUND})  # fmt: skip
    return {
        "species": species,
        "units": len(top),
        "warned": sum(entry["warned"] for entry in species),
        "background": _background(results, top),
        "summary": results.json("units/units.json"),
    }


def _unit(row: Row, patches: list[Row], pictures: Pictures, places: int, prefix: str) -> Row:
    """Describes one unit of one species; `sheet` is None where it is silent on all images."""
    sheet = None
    if patches:
        tiles = [pictures.patch(p["image_id"], p["x"], p["y"], p["size"]) for p in patches]
        sheet = contact_sheet(tiles, places=places)
        sheet = pictures.save(sheet, "unit", prefix, str(row["rank"]))
    is_impure = number(row["camera_purity"]) >= IMPURE
    knows_place = row.get("verdict") == "background"
    # What an older version did not measure yet.
    unmeasured = dict.fromkeys(("low", "high", "q_value", "top_share", "verdict"))
    return unmeasured | row | {
        "sheet": sheet,
        "is_impure": is_impure,
        "knows_place": knows_place,
        "is_repeated": not math.isnan(number(row.get("top_share"))),
        "warned": is_impure or knows_place,
    }  # fmt: skip


def _background(results: Results, top: list[Row]) -> list[Row]:
    """Units that tell more of the place than of the animal, the clearest first."""
    carried = defaultdict(list)
    for row in top:
        carried[row["unit"]].append(row["species"])
    rows = [row for row in results.rows("units/background.csv") or []
            if row["verdict"] == "background"]  # fmt: skip
    rows.sort(key=lambda row: -number(row["background_share"]))
    return [{**row, "species": carried[row["unit"]]} for row in rows]
