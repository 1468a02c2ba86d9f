"""The units that carry each species, and the patches they respond to."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from camtrap_jax.report.gallery import Row
from camtrap_jax.report.numbers import number
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.report.sheets import contact_sheet

IMPURE = 2 / 3  # share of a unit's patches from one camera that calls for a warning


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
    species = []
    for label, name in enumerate(results.run.dataset.classes):
        units = [
            _unit(row, groups[name, row["rank"]], pictures, places, f"{label}-{name}")
            for row in top
            if row["species"] == name
        ]
        species.append({"name": name, "units": units, "warned": sum(u["warned"] for u in units)})
    return {
        "species": species,
        "units": len(top),
        "warned": sum(entry["warned"] for entry in species),
    }


def _unit(row: Row, patches: list[Row], pictures: Pictures, places: int, prefix: str) -> Row:
    """Describes one unit of one species; `sheet` is None where it is silent on all images."""
    sheet = None
    if patches:
        tiles = [pictures.patch(p["image_id"], p["x"], p["y"], p["size"]) for p in patches]
        sheet = contact_sheet(tiles, places=places)
        sheet = pictures.save(sheet, "unit", prefix, str(row["rank"]))
    return {**row, "sheet": sheet, "warned": number(row["camera_purity"]) >= IMPURE}
