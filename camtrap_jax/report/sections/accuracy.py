"""How often the network is right: per species, per camera, and what it takes for what."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from camtrap_jax.report.figures import accuracy_bars, confusion_image
from camtrap_jax.report.gallery import Row
from camtrap_jax.report.numbers import estimate
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results


def accuracy_section(results: Results, pictures: Pictures) -> dict[str, Any] | None:
    """Draws accuracies with intervals and the confusion matrix."""
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
    }
    cameras = results.rows("evaluate/per_camera.csv")
    if cameras:
        figure = _bars(cameras, "camera", overall)
        drawings["cameras"] = pictures.save_figure(figure, "accuracy-cameras")
    matrix = results.table("evaluate/confusion_matrix.csv")
    if matrix is not None:
        drawings["confusion"] = pictures.save_figure(_confusion(matrix), "confusion-matrix")
    return {**drawings, "metrics": metrics}


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
