"""The species tree as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list

from camtrap_jax.embedding import clusters
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

CLUSTER_COLORS = (GREEN, PURPLE, ORANGE, BLUE)
NUM_CLUSTERS = 3  # the paper's figure colours three primary clusters


@rc_context(STYLE)
def dendrogram(
    linkage: Float[np.ndarray, "merges 4"],
    names: Sequence[str],
    groups: Mapping[str, int],
    *,
    support: Float[np.ndarray, " merges"] | None = None,
) -> Figure:
    """Draws a SciPy linkage with the root on the left and the leaves on the right.

    Args:
      linkage: the tree.
      names: of its leaves.
      groups: the primary cluster of each known species, -1 for none; a branch below which all
        known species share a cluster has its colour. Names that are missing are unknown species,
        and branches that hold no others are red.
      support: shares from 0 to 1, one a merge, written in percent at the forks.
    """
    size = len(names)
    figure, (axes,) = new_figure(CHART_INCHES, 0.75 + ROW_INCHES * size)
    heights = np.concatenate([np.zeros(size), linkage[:, 2]])
    rows = _rows(linkage, size)
    colors = branch_colors(linkage, [groups.get(name) for name in names])
    line = {"linewidth": 1.5, "capstyle": "projecting"}
    for node, children in enumerate(linkage[:, :2].astype(int), start=size):
        axes.vlines(heights[node], *rows[children], color=colors[node], **line)
        for child in children:
            axes.hlines(rows[child], heights[child], heights[node], color=colors[child], **line)
    if support is not None:
        _write_support(axes, heights[size:], rows[size:], support)
    axes.yaxis.tick_right()
    axes.set_yticks(rows[:size], [plain(shorten(name)) for name in names])
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_color(INK if name in groups else VERMILLION)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(1.04 * heights.max() or 1.0, 0.0)
    axes.set_ylim(size - 0.4, -0.6)
    axes.set_xlabel("distance between the merged groups in feature space")
    return figure


def branch_colors(
    linkage: Float[np.ndarray, "merges 4"], groups: Sequence[int | None]
) -> list[str]:
    """Returns the colour of the branch above each node, leaves first, then merges.

    `groups` holds one entry a leaf: its cluster, -1 for none, None for an unknown species.
    """
    below = [{group} - {None} for group in groups]
    for left, right in linkage[:, :2].astype(int):
        below.append(below[left] | below[right])
    return [_branch_color(found) for found in below]


def _branch_color(groups: set[int | None]) -> str:
    if not groups:
        return VERMILLION
    group = next(iter(groups))
    if len(groups) > 1 or group is None or group < 0:
        return INK
    return CLUSTER_COLORS[group % len(CLUSTER_COLORS)]


def primary_clusters(linkage: Float[np.ndarray, "merges 4"]) -> np.ndarray:
    """Cuts the tree at the highest place that leaves three groups of two leaves or more.

    Where no cut gives three, the highest one with the most such groups is taken. Returns one
    number a leaf: its group, -1 for a leaf alone.
    """
    size = len(linkage) + 1
    best = np.zeros(size, int)
    most = 0
    for count in range(1, size + 1):
        labels = clusters(linkage, count)
        found, members = np.unique(labels, return_counts=True)
        groups = found[members >= 2]
        if len(groups) > most:
            most = len(groups)
            best = np.array([np.flatnonzero(groups == label)[0] if label in groups else -1
                             for label in labels])  # fmt: skip
        if most >= NUM_CLUSTERS:
            break
    return best


def _rows(linkage: np.ndarray, size: int) -> np.ndarray:
    """Returns the vertical position of each node: leaves in tree order, merges half way."""
    rows = np.zeros(2 * size - 1)
    rows[leaves_list(linkage)] = np.arange(size)
    for merge, (left, right) in enumerate(linkage[:, :2].astype(int)):
        rows[size + merge] = (rows[left] + rows[right]) / 2
    return rows


def _write_support(axes: Axes, heights: np.ndarray, rows: np.ndarray, support: np.ndarray) -> None:
    offset = 0.006 * heights.max()
    # The root holds every leaf in every resample, so its support says nothing.
    for height, row, share in list(zip(heights, rows, support, strict=True))[:-1]:
        if np.isfinite(share):
            axes.text(height + offset, row - 0.08, f"{100 * share:.0f}", ha="right", va="bottom",
                      fontsize=7, alpha=0.85)  # fmt: skip
