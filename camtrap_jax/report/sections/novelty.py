"""Which species and images the network should not be trusted on."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from camtrap_jax.report.figures import unfamiliarity_dots
from camtrap_jax.report.gallery import Row, extreme_images
from camtrap_jax.report.numbers import estimate, number
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.report.sections.detection import detection_data

IMAGES_PER_GALLERY = 10


def novelty_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws the unfamiliarity of each species, and the most telling images."""
    rows = results.rows("novelty/unfamiliarity.csv") or []
    rows = [row for row in rows if not math.isnan(row["mean"])]
    if not rows:
        return None
    rows.sort(key=lambda row: -row["mean"])
    summary = results.json("novelty/novelty.json")
    figure = unfamiliarity_dots(
        [row["species"] for row in rows],
        np.array([row["mean"] for row in rows]),
        np.array([row["low"] for row in rows]),
        np.array([row["high"] for row in rows]),
        [row["role"] == "unknown" for row in rows],
        threshold=estimate(summary.get("threshold"))["value"],
    )
    unknown = [row for row in rows if row["role"] == "unknown"]
    of_rounds = summary.get("unknown_above_of_rounds")
    return {
        "figure": pictures.save_figure(figure, "unfamiliarity"),
        "images_per_round": results.config.novelty.images_per_round,
        "threshold": summary.get("threshold"),
        "threshold_species": summary.get("threshold_species"),
        "unknown": [{**row, "above": number(row["above_threshold"]) == 1.0} for row in unknown],
        "above_of_rounds": {"low": min(of_rounds), "high": max(of_rounds)} if of_rounds else None,
        "detection": detection_data(results),
        **_galleries(results, pictures),
    }


def _galleries(results: Results, pictures: Pictures) -> dict[str, Any]:
    """Draws the review list, or in a run that has none the least familiar images, and others."""
    images = results.shown(results.rows("novelty/images.csv") or [])
    images = [{**row, "sequence": pictures.sequences[row["image_id"]]} for row in images]
    chosen = extreme_images(images, results.run.dataset.classes, limit=IMAGES_PER_GALLERY)
    review = results.rows("novelty/review.csv")
    if review is not None:
        chosen["unfamiliar"] = results.shown(review)
    cards = {name: [_card(row, pictures) for row in rows] for name, rows in chosen.items()}
    first = IMAGES_PER_GALLERY
    return {
        "review": {"first": cards["unfamiliar"][:first], "rest": cards["unfamiliar"][first:]},
        "galleries": {name: cards[name] for name in ("doubtful", "mistaken")},
    }


def _card(row: Row, pictures: Pictures) -> Row:
    image_id = row["image_id"]
    picture = pictures.save(pictures.frame(image_id), "novelty", image_id)
    return {**row, "picture": picture, "filepath": pictures.filepaths[image_id]}
