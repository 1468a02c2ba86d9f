"""The species tree as a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from scipy.cluster.hierarchy import leaves_list

from camtrap_jax.report.drawing import (
    BLUE,
    CHART_INCHES,
    GREEN,
    INK,
    ROW_INCHES,
    STYLE,
    new_figure,
    plain,
    shorten,
)

# As in the paper's figure: primary groups green, purple and brown, unknown species red.
RED = "#d0202e"
GROUP_COLORS = (GREEN, "#8a63b8", "#a0682a", BLUE, "#6f8f1f", "#c2548f")


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
      groups: the primary group of each known species, from 0, -1 for none; a branch below which
        all known species share a group has its colour. Names that are missing are unknown species,
        and branches that hold no others are red.
      support: shares from 0 to 1, one a merge, written in percent at the forks.
    """
    size = len(names)
    figure, (axes,) = new_figure(CHART_INCHES, 0.75 + ROW_INCHES * size)
    rows = node_rows(linkage)
    draw_branches(axes, linkage, branch_colors(linkage, [groups.get(name) for name in names]))
    heights = linkage[:, 2]
    if support is not None:
        _write_support(axes, heights, rows[size:], support)
    axes.yaxis.tick_right()
    axes.set_yticks(rows[:size], [plain(shorten(name)) for name in names])
    for label, name in zip(axes.get_yticklabels(), names, strict=True):
        label.set_color(INK if name in groups else RED)
        label.set_fontweight("normal" if name in groups else "bold")
    frame_tree(axes, heights.max(), size)
    axes.set_xlabel("distance between the merged groups in feature space")
    return figure


def draw_branches(
    axes: Axes, linkage: Float[np.ndarray, "merges 4"], colors: Sequence[str]
) -> None:
    """Draws a tree's branches: distances along x, a row a leaf along y.

    Merges at one height that hang on each other are drawn as one node of several branches.

    Args:
      axes: where to.
      linkage: the tree.
      colors: of the branch above each node, leaves first; unknown species' are drawn thicker.
    """
    size = len(linkage) + 1
    heights = np.concatenate([np.zeros(size), linkage[:, 2]])
    rows = node_rows(linkage)
    colors = list(colors)
    lines: dict[str, list[np.ndarray]] = {color: [] for color in colors}
    for node in range(2 * size - 2, size - 1, -1):
        height, children = heights[node], linkage[node - size, :2].astype(int)
        lines[colors[node]].append(np.array([(height, rows[child]) for child in children]))
        for child in children:
            if child >= size and heights[child] == height:
                colors[child] = colors[node]
            else:
                ends = (heights[child], height)
                lines[colors[child]].append(np.array([(end, rows[child]) for end in ends]))
    for color in sorted(lines, key=lambda color: (color != INK, color == RED)):
        width = 2.2 if color == RED else 1.5
        axes.add_collection(
            LineCollection(lines[color], colors=color, linewidths=width, capstyle="projecting")
        )


def frame_tree(axes: Axes, top: float, size: int) -> None:
    """Sets the limits around a tree: root on the left, first leaf at the top."""
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_xlim(1.04 * top or 1.0, 0.0)
    axes.set_ylim(size - 0.4, -0.6)


def branch_colors(
    linkage: Float[np.ndarray, "merges 4"], groups: Sequence[int | None]
) -> list[str]:
    """Returns the colour of the branch above each node, leaves first, then merges.

    `groups` holds one entry a leaf: its group, -1 for none, None for an unknown species.
    """
    below = [{group} - {None} for group in groups]
    for left, right in linkage[:, :2].astype(int):
        below.append(below[left] | below[right])
    return [_branch_color(found) for found in below]


def _branch_color(groups: set[int | None]) -> str:
    if not groups:
        return RED
    group = next(iter(groups))
    if len(groups) > 1 or group is None or group < 0:
        return INK
    return GROUP_COLORS[group % len(GROUP_COLORS)]


def node_rows(linkage: Float[np.ndarray, "merges 4"]) -> Float[np.ndarray, " nodes"]:
    """Returns the vertical position of each node: leaves in tree order, merges half way."""
    size = len(linkage) + 1
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
