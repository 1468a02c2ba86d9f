"""The species tree as a figure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list

from camtrap_jax.embedding import clusters
from camtrap_jax.report.drawing import (
    BLUE,
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
    *,
    unknown: Collection[str] = (),
    support: Float[np.ndarray, " merges"] | None = None,
) -> Figure:
    """Draws a SciPy linkage with the root on the left and the leaves on the right.

    Branches that hold only `unknown` species are red; the others take the colour of their primary
    cluster, or the text's colour above the clusters. `support` in [0, 1], one a merge, is written
    in percent at the forks.
    """
    size = len(names)
    figure, (axes,) = new_figure(8.4, 0.75 + ROW_INCHES * size)
    heights = np.concatenate([np.zeros(size), linkage[:, 2]])
    rows = _rows(linkage, size)
    colors = branch_colors(linkage, [name in unknown for name in names])
    for merge, (left, right) in enumerate(linkage[:, :2].astype(int)):
        node = size + merge
        for child in (left, right):
            shape = [heights[node], heights[node], heights[child]]
            axes.plot(shape, [rows[node], rows[child], rows[child]], color=colors[child],
                      linewidth=1.5, solid_joinstyle="miter")  # fmt: skip
    if support is not None:
        _write_support(axes, heights[size:], rows[size:], support)
    axes.yaxis.tick_right()
    axes.set_yticks(rows[:size], [plain(shorten(name)) for name in names])
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_color(VERMILLION if name in unknown else INK)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(1.04 * heights.max() or 1.0, 0.0)
    axes.set_ylim(size - 0.4, -0.6)
    axes.set_xlabel("distance between the merged groups in feature space")
    return figure


def branch_colors(linkage: Float[np.ndarray, "merges 4"], unknown: Sequence[bool]) -> list[str]:
    """Returns the colour of the branch above each node, leaves first, then merges."""
    size = len(unknown)
    groups = primary_clusters(linkage)
    members = [{leaf} for leaf in range(size)]
    members += [set() for _ in linkage]
    for merge, (left, right) in enumerate(linkage[:, :2].astype(int)):
        members[size + merge] = members[left] | members[right]
    colors = []
    for leaves in members:
        labels = {groups[leaf] for leaf in leaves}
        label = labels.pop()
        if all(unknown[leaf] for leaf in leaves):
            colors.append(VERMILLION)
        elif labels or label < 0 or len(leaves) == np.sum(groups == label):
            colors.append(INK)
        else:
            colors.append(CLUSTER_COLORS[label % len(CLUSTER_COLORS)])
    return colors


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
