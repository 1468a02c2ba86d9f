"""How often the network is right where it says that it is sure, as a figure."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from camtrap_jax.report.drawing import BLUE, CHART_INCHES, INK, STYLE, new_figure

PANEL_INCHES = 3.5


@rc_context(STYLE)
def reliability_diagram(panels: Mapping[str, pd.DataFrame]) -> Figure:
    """Draws accuracy against stated probability, a panel a set of probabilities.

    Args:
      panels: by title, rows of reliability.csv: one a bin, with `low`, `high`, `images`,
        `confidence`, `accuracy`, `accuracy_low` and `accuracy_high`, all shares in [0, 1].
    """
    width = CHART_INCHES * max(len(panels), 1) / 2
    figure, all_axes = new_figure(width, PANEL_INCHES, columns=max(len(panels), 1))
    for axes, (title, bins) in zip(all_axes, panels.items(), strict=False):
        _draw(axes, bins)
        axes.set_title(title, fontsize=9, loc="left", pad=8)
    figure.legend(*all_axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=3,
                  frameon=False, fontsize=8)  # fmt: skip
    all_axes[0].set_ylabel("named correctly, %")
    return figure


def _draw(axes: Axes, bins: pd.DataFrame) -> None:
    low, high, images, stated, right, least, most = (
        bins[name].to_numpy(np.float64)
        for name in ("low", "high", "images", "confidence", "accuracy", "accuracy_low",
                     "accuracy_high")
    )  # fmt: skip
    share = images / max(images.sum(), 1)
    axes.bar(100 * low, 100 * share, width=100 * (high - low), align="edge", color=INK, alpha=0.14,
             linewidth=0, label="share of the images")  # fmt: skip
    axes.plot([0, 100], [0, 100], color=INK, linewidth=0.9, linestyle=(0, (4, 2)),
              label="as it should be")  # fmt: skip
    axes.vlines(100 * stated, 100 * least, 100 * most, color=BLUE, linewidth=1.6, alpha=0.55)
    axes.plot(100 * stated, 100 * right, "o", color=BLUE, markersize=5.5,
              label="images of a bin, 95 % interval")  # fmt: skip
    axes.set_xlim(0, 102)
    axes.set_ylim(0, 104)
    axes.set_xlabel("stated probability, %")
