"""How well each score tells unknown species from known ones, as tables."""

from __future__ import annotations

import math
from typing import Any

from camtrap_jax.report.gallery import Row
from camtrap_jax.report.numbers import estimate, number
from camtrap_jax.report.results import Results

# What a score is called in a sentence and at the head of a column.
SCORES = {
    "unfamiliarity": ("Relative unfamiliarity", "unfam."),
    "msp": ("1 - highest probability", "MSP"),
    "max_logit": ("Largest logit", "logit"),
    "energy": ("Energy of the logits", "energy"),
    "mahalanobis": ("Mahalanobis distance: to the nearest species", "Mahal."),
    "relative_mahalanobis": (
        "Relative Mahalanobis distance: less that to all species together",
        "rel. M.",
    ),
    "knn": ("Distance to the nearest training images", "k-NN"),
    "vim": ("ViM: energy, and what training images do not span", "ViM"),
}
DOUBT = 0.05  # share of the draws from which on a score may be the best


def detection_data(results: Results) -> dict[str, Any] | None:
    """Gathers the scores' table, what it says of the best one, and the table by species."""
    summary = results.json("novelty/novelty.json")
    scores = [
        {"key": key, "name": name, "short": short, **summary["scores"][key]}
        for key, (name, short) in SCORES.items()
        if key in summary.get("scores", {})
    ]
    if not scores:
        return None
    near_far = summary.get("near_far") or {}
    new = summary.get("known_of_new_bursts") or {}
    known = summary.get("known_images", 0)
    return {
        "known": known,
        "new": new,
        # Where all are new, the column would repeat the first.
        "has_new": 0 < new.get("images", 0) < known,
        "shared": known - new["images"] if new else 0,
        "scores": scores,
        "has_kinds": bool(near_far.get("near") or near_far.get("far")),
        "near_far": near_far,
        "best": _best(scores),
        "best_of_new": _best([{**score, **score.get("new_bursts", {})} for score in scores]),
        "rounds": summary.get("bootstrap_rounds"),
        "missing": (summary.get("vim") or {}).get("missing"),
        "species": _species(results, scores),
    }


def _best(scores: list[Row]) -> list[Row]:
    """Returns the scores that may be the best one, the likeliest first."""
    shares = [{**score, "best_share": number(score.get("best_share"))} for score in scores]
    chosen = [score for score in shares if score["best_share"] >= DOUBT]
    return sorted(chosen, key=lambda score: -score["best_share"])


def _species(results: Results, scores: list[Row]) -> list[Row]:
    """Returns one row an unknown species: its AUROC by each score, and which is the highest."""
    table = results.rows("novelty/per_species.csv") or []
    kinds = {row["species"]: row["kind"] for row in results.rows("novelty/near_far.csv") or []}
    aurocs = {(row["species"], row["score"]): row for row in table}
    found = []
    for name in dict.fromkeys(row["species"] for row in table):
        rows = [aurocs.get((name, score["key"]), {}) for score in scores]
        values = [_auroc(row) for row in rows]
        highest = max((v["value"] for v in values if not math.isnan(v["value"])), default=math.nan)
        if not math.isnan(highest):
            cells = [{**value, "best": value["value"] == highest} for value in values]
            counts = {"images": rows[0]["images"], "bursts": rows[0]["bursts"]}
            found.append({"name": name, "kind": kinds.get(name, ""), "cells": cells, **counts})
    return sorted(found, key=lambda row: ("near", "undecided", "far", "").index(row["kind"]))


def _auroc(row: Row) -> dict[str, float]:
    return estimate(
        {"value": row.get("auroc"), "low": row.get("auroc_low"), "high": row.get("auroc_high")}
    )
