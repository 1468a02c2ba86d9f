"""Charts of how maps agree with people: Dice's coefficients by species and by threshold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.figure import Figure

from camtrap_jax.report.drawing import (
    BLUE,
    CHART_INCHES,
    GREEN,
    INK,
    ORANGE,
    PURPLE,
    ROW_INCHES,
    STYLE,
    VERMILLION,
    new_figure,
    plain,
    shorten,
)

COLORS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, INK)
PAPER_MEAN = 0.69  # of Miao et al. 2019, over 20 species


@rc_context(STYLE)
def dice_dots(
    names: Sequence[str],
    values: Float[np.ndarray, " rows"],
    lows: Float[np.ndarray, " rows"],
    highs: Float[np.ndarray, " rows"],
    *,
    mean: float,
) -> Figure:
    """Draws a coefficient and its interval a species, with their mean and the paper's."""
    figure, (axes,) = new_figure(CHART_INCHES, 0.95 + ROW_INCHES * len(names))
    rows = np.arange(len(names))
    axes.hlines(rows, 0, values, color=INK, linewidth=0.5, alpha=0.25)
    axes.hlines(rows, lows, highs, color=BLUE, linewidth=2.6, alpha=0.6)
    axes.plot(values, rows, "o", color=BLUE, markersize=6.0, linestyle="none")
    for place, color, label in (
        (mean, BLUE, f"mean {mean:.2f}"),
        (PAPER_MEAN, INK, f"the paper's mean {PAPER_MEAN:.2f}"),
    ):
        axes.axvline(place, color=color, linewidth=1.0, linestyle=(0, (4, 2)), label=label)
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, borderpad=0)
    axes.set_xlim(-0.01, 1.01)
    axes.set_xlabel("Dice's coefficient of the features that maps show and those people name")
    axes.set_yticks(rows, [plain(shorten(name)) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure


@rc_context(STYLE)
def mask_dice_curves(curves: Mapping[str, pd.DataFrame]) -> Figure:
    """Draws Dice's coefficient of maps and masks against the threshold, and that of chance, dashed.

    Args:
      curves: by title, rows of mask_dice.csv of rising `threshold`, with `mean`, `low`, `high` and
        `by_chance`.
    """
    figure, (axes,) = new_figure(CHART_INCHES, 3.2)
    top = 0.05
    for (title, rows), color in zip(curves.items(), COLORS * len(curves), strict=False):
        columns = ("threshold", "mean", "low", "high", "by_chance")
        at, mean, low, high, chance = (rows[name].to_numpy(float) for name in columns)
        axes.fill_between(at, low, high, color=color, alpha=0.15, linewidth=0)
        axes.plot(at, mean, ".-", color=color, linewidth=1.4, label=plain(title))
        axes.plot(at, chance, color=color, linewidth=1.0, linestyle=(0, (2, 2)))
        top = max(top, np.nanmax(np.concatenate([mean, high, chance]), initial=0))
    axes.set_xlim(0, 1)
    axes.set_ylim(0, min(1.0, 1.1 * top))
    axes.set_xlabel("threshold, as a fraction of the map's maximum")
    axes.set_ylabel("Dice's coefficient")
    axes.legend(loc="upper right", frameon=False)
    return figure
