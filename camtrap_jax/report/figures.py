"""The report's charts: arrays in, a matplotlib `Figure` out; nothing global changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from camtrap_jax.report.drawing import (
    BLUE,
    CHART_INCHES,
    GREEN,
    INK,
    PURPLE,
    ROW_INCHES,
    STYLE,
    VERMILLION,
    new_figure,
    plain,
    shorten,
)


@rc_context(STYLE)
def accuracy_bars(
    names: Sequence[str],
    values: Float[np.ndarray, " rows"],
    lows: Float[np.ndarray, " rows"],
    highs: Float[np.ndarray, " rows"],
    counts: Sequence[int],
    *,
    mean: float | None = None,
) -> Figure:
    """Draws accuracies in [0, 1] as bars with their intervals and numbers of images."""
    figure, (axes,) = new_figure(CHART_INCHES, 0.75 + ROW_INCHES * len(names))
    rows = np.arange(len(names))
    axes.barh(rows, 100 * values, height=0.62, color=BLUE, alpha=0.75, linewidth=0)
    axes.hlines(rows, 100 * lows, 100 * highs, color=INK, linewidth=1.2)
    for row, count in enumerate(counts):
        axes.text(101.5, row, f"{count:,}", va="center", fontsize=8, alpha=0.75)
    axes.text(101.5, -0.95, "images", va="center", fontsize=8, alpha=0.75)
    if mean is not None and np.isfinite(mean):
        axes.axvline(100 * mean, color=VERMILLION, linewidth=1.2, linestyle=(0, (4, 2)))
    axes.set_xlim(0, 100)
    axes.set_xlabel("accuracy, %")
    _name_rows(axes, names)
    return figure


@rc_context(STYLE)
def unfamiliarity_dots(
    names: Sequence[str],
    values: Float[np.ndarray, " rows"],
    lows: Float[np.ndarray, " rows"],
    highs: Float[np.ndarray, " rows"],
    unknown: Sequence[bool],
    *,
    threshold: float | None = None,
) -> Figure:
    """Draws a mean and an interval a species; unknown species are diamonds."""
    figure, (axes,) = new_figure(CHART_INCHES, 0.95 + ROW_INCHES * len(names))
    rows, mask = np.arange(len(names)), np.asarray(unknown, bool)
    axes.hlines(rows, np.nanmin(lows), values, color=INK, linewidth=0.5, alpha=0.25)
    for chosen, color, marker, label in (
        (~mask, BLUE, "o", "known species"),
        (mask, VERMILLION, "D", "unknown species"),
    ):
        if chosen.any():
            axes.hlines(rows[chosen], lows[chosen], highs[chosen], color=color, linewidth=2.6)
            style = {"color": color, "markersize": 6.0, "linestyle": "none"}
            axes.plot(values[chosen], rows[chosen], marker, label=label, **style)
    if threshold is not None and np.isfinite(threshold):
        label = f"threshold {threshold:.2f}"
        axes.axvline(threshold, color=INK, linewidth=1.0, linestyle=(0, (4, 2)), label=label)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, borderpad=0)
    axes.set_xlabel("relative unfamiliarity (larger = less familiar)")
    _name_rows(axes, names)
    return figure


@rc_context(STYLE)
def confusion_image(shares: Float[np.ndarray, "true predicted"], names: Sequence[str]) -> Figure:
    """Draws a row-normalised confusion matrix: hits blue, confusions vermillion.

    A cell is as opaque as its share (square root, so that a share of 4 % is still seen); rows
    without images are empty. Shares from 1 % are written out where there is room.
    """
    size = len(names)
    inches = min(0.38, max(0.17, 8.0 / max(size, 1))) * size
    labels = [plain(shorten(name)) for name in names]
    room = 0.9 + 0.08 * max(map(len, labels), default=0)
    figure, (axes,) = new_figure(inches + room, inches + room)
    filled = np.nan_to_num(np.clip(shares, 0.0, 1.0))
    axes.imshow(_cell_colors(filled), interpolation="nearest")
    if size <= 30:
        for row, column in np.argwhere(filled >= 0.01):
            share = filled[row, column]
            style = {"color": "#ffffff" if share > 0.6 else INK, "fontsize": 7}
            axes.text(column, row, f"{100 * share:.0f}", ha="center", va="center", **style)
    font = 8.5 if size <= 30 else 6.5
    axes.set_xticks(range(size), labels, rotation=90, fontsize=font)
    axes.set_yticks(range(size), labels, fontsize=font)
    axes.set_xticks(np.arange(size + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(size + 1) - 0.5, minor=True)
    axes.grid(which="minor", color=INK, alpha=0.12, linewidth=0.5)
    axes.tick_params(which="both", length=0)
    axes.set_xlabel("predicted species")
    axes.set_ylabel("true species")
    axes.spines[:].set_visible(False)
    return figure


@rc_context(STYLE)
def rank_bars(images: Float[np.ndarray, " ranks"]) -> Figure:
    """Draws how many wrong images were given the nearest species, the second nearest, ...

    The dashed line is what there would be if wrong answers fell on all species alike.
    """
    figure, (axes,) = new_figure(CHART_INCHES, 2.2)
    ranks = np.arange(len(images)) + 1
    axes.bar(ranks, images, width=0.7, color=VERMILLION, alpha=0.75, linewidth=0)
    axes.axhline(images.mean(), color=INK, linewidth=1.0, linestyle=(0, (4, 2)))
    axes.set_xlim(0.4, len(images) + 0.6)
    axes.set_xticks([1, *range(5, len(images) + 1, 5)])
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("place of the answer among the species nearest to the true one, 1 = nearest")
    axes.set_ylabel("wrong images")
    return figure


@rc_context(STYLE)
def training_curves(
    loss: tuple[Sequence[float], Sequence[float]],
    accuracies: Mapping[str, tuple[Sequence[float], Sequence[float]]],
) -> Figure:
    """Draws the training loss, and validation accuracies by name; a series is (steps, values)."""
    figure, (left, right) = new_figure(CHART_INCHES, 2.7, columns=2)
    left.plot(*loss, color=BLUE, linewidth=1.1)
    left.set_ylabel("training loss")
    left.set_ylim(0, 1.05 * max(loss[1], default=1.0) or 1.0)
    for (name, (steps, values)), color in zip(
        accuracies.items(), (BLUE, VERMILLION, GREEN, PURPLE), strict=False
    ):
        right.plot(steps, 100 * np.asarray(values), ".-", color=color, linewidth=1.1, label=name)
    if accuracies:
        right.legend(loc="best", frameon=False)
    right.set_ylim(0, 100)
    right.set_ylabel("validation accuracy, %")
    for axes in (left, right):
        axes.set_xlabel("step")
    return figure


def _cell_colors(shares: np.ndarray) -> np.ndarray:
    """Returns red, green, blue and opacity of each cell of a confusion matrix."""
    hits = np.eye(len(shares), dtype=bool)
    colors = np.where(hits[..., None], to_rgba(BLUE), to_rgba(VERMILLION))
    colors[..., 3] = np.sqrt(shares)
    return colors


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Labels the rows of a chart from the top down."""
    axes.set_yticks(range(len(names)), [plain(shorten(name)) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
