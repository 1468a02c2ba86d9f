"""Images that look like another species than their label says."""

from __future__ import annotations

from collections import Counter
from typing import Any

from camtrap_jax.report.gallery import Row, one_per_burst
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results


def labels_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws the most doubtful images, one a burst."""
    suspects = results.rows("evaluate/suspected_labels.csv")
    if suspects is None:
        return None
    in_burst = Counter(_burst(row) for row in suspects)
    shown = one_per_burst(results.shown(suspects))[: results.config.report.mistakes]
    return {
        **results.json("evaluate/metrics.json")["suspected_labels"],
        "bursts": len(in_burst),
        "cards": [{**_card(row, pictures), "others": in_burst[_burst(row)] - 1} for row in shown],
    }


def _burst(row: Row) -> str:
    return row["sequence"] or row["image_id"]


def _card(row: Row, pictures: Pictures) -> Row:
    image_id = row["image_id"]
    return {**row, "picture": pictures.save(pictures.frame(image_id), "label", image_id)}
