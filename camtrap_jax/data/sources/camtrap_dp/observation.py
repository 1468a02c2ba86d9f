"""One row of `observations.csv`: its label and its box.

Source: https://camtrap-dp.tdwg.org/data/#observations.
"""

from __future__ import annotations

from typing import NamedTuple

from camtrap_jax.data.sources.listing import Box
from camtrap_jax.data.sources.relative_boxes import relative_box
from camtrap_jax.data.sources.values import parse_label, shown

REQUIRED = ("mediaID", "observationLevel", "observationType", "scientificName")
OPTIONAL = (
    "deploymentID",
    "eventID",
    "eventStart",
    "eventEnd",
    "cameraSetupType",
    "classificationMethod",
    "bboxX",
    "bboxY",
    "bboxWidth",
    "bboxHeight",
)
TYPES = ("animal", "human", "vehicle", "blank", "unknown", "unclassified")
MISSING = frozenset({"", "NA", "NaN", "nan"})  # as version 1.0.2 has it


class Observation(NamedTuple):
    """The fields of `REQUIRED` and `OPTIONAL` as the table spells them."""

    media_id: str
    level: str
    type: str
    name: str
    deployment_id: str
    event_id: str
    event_start: str
    event_end: str
    setup_type: str
    method: str
    x: str
    y: str
    width: str
    height: str


def species_of(row: Observation) -> str:
    """Returns the label, empty where there is none."""
    kind = row.type.casefold()
    if kind == "human":  # whatever name they are given, so that people are recognised as such
        return "human"
    if row.name not in MISSING:
        return parse_label(row.name)
    if row.setup_type not in MISSING:
        return "setup"
    if kind == "animal":
        return "unidentified"
    return kind if kind in TYPES else ""


def box_of(row: Observation) -> tuple[Box | None, str]:
    """Returns the box, if there is one, and why it cannot be used."""
    texts = (row.x, row.y, row.width, row.height)
    if MISSING.issuperset(texts):
        return None, ""
    box = relative_box([_number(text) for text in texts])
    if box is not None:
        return box, ""
    spelled = shown(", ".join(texts))
    return None, f"bboxX to bboxHeight: {spelled} is no box, and not used"


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))  # spreadsheets of many countries write 0,5
    except ValueError:
        return None
