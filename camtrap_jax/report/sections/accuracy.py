"""How often the network is right: by species, camera and light, and what it takes for what."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from camtrap_jax.report.figures import accuracy_bars, confusion_image, rank_bars
from camtrap_jax.report.gallery import Row
from camtrap_jax.report.numbers import estimate
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.reliability import reliability_diagram
from camtrap_jax.report.results import Results

PAIRS = 12  # of the most confused ones
LIGHTS = {"day": "by day", "night": "at night", "unknown": "light not known"}
PANELS = {"raw": "as the network states them", "calibrated": "after temperature scaling"}


def accuracy_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws accuracies with intervals, confusions, and how far probabilities can be trusted."""
    species = results.rows("evaluate/per_species.csv")
    if species is None:
        return None
    metrics = results.json("evaluate/metrics.json")
    mean, overall = (
        estimate(metrics.get(name))["value"]
        for name in ("mean_species_accuracy", "overall_accuracy")
    )
    drawings: dict[str, Any] = {
        "species": pictures.save_figure(_bars(species, "species", mean), "accuracy-species"),
        "cameras": None,
        "confusion": None,
        "ranks": None,
        "reliability": None,
    }
    cameras = results.rows("evaluate/per_camera.csv")
    if cameras:
        figure = _bars(cameras, "camera", overall)
        drawings["cameras"] = pictures.save_figure(figure, "accuracy-cameras")
    matrix = results.table("evaluate/confusion_matrix.csv")
    if matrix is not None:
        drawings["confusion"] = pictures.save_figure(_confusion(matrix), "confusion-matrix")
    pairs = results.table("evaluate/confused_pairs.csv")
    if pairs is not None and len(pairs):
        figure = _ranks(pairs, len(results.run.dataset.classes))
        drawings["ranks"] = pictures.save_figure(figure, "confusion-distance")
    bins = results.table("evaluate/reliability.csv")
    if bins is not None and metrics.get("images"):
        panels = {PANELS[str(name)]: part for name, part in bins.groupby("probabilities")}
        panels = {title: panels[title] for title in PANELS.values() if title in panels}
        drawings["reliability"] = pictures.save_figure(reliability_diagram(panels), "reliability")
    return {
        **drawings,
        "metrics": metrics,
        "scopes": _scopes(metrics),
        "pairs": (results.rows("evaluate/confused_pairs.csv") or [])[:PAIRS],
    }


def _scopes(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Lists what accuracies are over: all test images, those by light, and sequences."""
    scopes = [{"name": "All test images", "cases": metrics.get("images"), **metrics}]
    for name, found in metrics.get("light", {}).items():
        if found["images"]:
            scopes.append({"name": f"… {LIGHTS[name]}", "cases": found["images"], **found})
    if sequences := metrics.get("by_sequence"):
        name = "Sequences, one answer each"
        scopes.append({"name": name, "cases": sequences["sequences"], **sequences})
    return scopes


def _ranks(pairs: pd.DataFrame, num_species: int) -> Figure:
    """Draws the wrong images by how near their answer lies to the truth."""
    ranks = pairs["distance_rank"].to_numpy(np.int64)
    images = pairs["images"].to_numpy(np.float64)
    return rank_bars(np.bincount(ranks - 1, images, minlength=num_species - 1))


def _confusion(matrix: pd.DataFrame) -> Figure:
    """Draws the matrix of counts as shares of each row."""
    names = [str(name) for name in matrix.iloc[:, 0]]
    counts = matrix.iloc[:, 1:].to_numpy(np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    return confusion_image(shares, names)


def _bars(rows: list[Row], name: str, mean: float) -> Figure:
    """Draws the rows by falling accuracy; those without images come last."""
    rows = sorted(rows, key=lambda row: (math.isnan(row["accuracy"]), -row["accuracy"]))
    return accuracy_bars(
        [str(row[name]) for row in rows],
        np.array([row["accuracy"] for row in rows], np.float64),
        np.array([row["low"] for row in rows], np.float64),
        np.array([row["high"] for row in rows], np.float64),
        [int(row["images"]) for row in rows],
        mean=mean,
    )
