"""Two trees of the same species, face to face."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from scipy.cluster import hierarchy
from scipy.spatial.distance import pdist, squareform

from camtrap_jax.embedding import in_leaf_order
from camtrap_jax.report.dendrogram import (
    GROUP_COLORS,
    branch_colors,
    draw_branches,
    frame_tree,
    node_rows,
)
from camtrap_jax.report.drawing import CHART_INCHES, INK, ROW_INCHES, STYLE, plain, shorten

_TIE = 1e-6  # of the tree's height: turns branches, and is too small to be seen


@rc_context(STYLE)
def tanglegram(
    left: Float[np.ndarray, "merges 4"],
    right: Float[np.ndarray, "merges 4"],
    names: Sequence[str],
    groups: Mapping[str, int],
    *,
    titles: tuple[str, str],
) -> Figure:
    """Draws two trees with lines between the same species; few crossings mean that they agree.

    Args:
      left: a linkage, drawn in its own order.
      right: another one over the same leaves, whose forks are turned to cross few lines.
      names: of the leaves.
      groups: the primary group of each species, from 0; -1 for none.
      titles: of the trees.
    """
    size = len(names)
    right = untangled(right, node_rows(left)[:size])
    layout = ConstrainedLayoutEngine(wspace=0, w_pad=0.01)
    figure = Figure(figsize=(CHART_INCHES, 0.9 + ROW_INCHES * size), layout=layout)
    axes = figure.subplots(1, 3, sharey=True, width_ratios=(1, 1.15, 1))
    codes = [groups.get(name, -1) for name in names]
    for side, tree, title in zip((axes[0], axes[2]), (left, right), titles, strict=True):
        draw_branches(side, tree, branch_colors(tree, codes))
        frame_tree(side, tree[:, 2].max(), size)
        side.tick_params(axis="y", labelleft=False)
        side.set_title(plain(shorten(title, 48)), fontsize=9)
    axes[2].invert_xaxis()
    axes[2].set_xlabel("height in the other tree")
    axes[0].set_xlabel("distance in feature space")
    middle = axes[1]
    middle.set_axis_off()
    middle.set_xlim(0, 1)
    rows = np.stack([node_rows(left)[:size], node_rows(right)[:size]], axis=1)
    for name, code, ends in zip(names, codes, rows, strict=True):
        color = INK if code < 0 else GROUP_COLORS[code % len(GROUP_COLORS)]
        text = plain(shorten(name, 20))
        middle.text(0.02, ends[0], text, ha="left", va="center", fontsize=8.5)
        middle.text(0.98, ends[1], text, ha="right", va="center", fontsize=8.5)
        middle.plot([0.34, 0.66], ends, color=color, linewidth=1.2)
    return figure


def untangled(
    tree: Float[np.ndarray, "merges 4"], rows: Float[np.ndarray, " leaves"]
) -> Float[np.ndarray, "merges 4"]:
    """Turns a tree's forks so that its leaves come nearly in the order of `rows`.

    The branches of a node that has several are joined in an order that suits.
    """
    heights = squareform(hierarchy.cophenet(tree))
    apart = squareform(pdist(rows[:, None])) / max(len(rows), 1)
    nudged = squareform(heights + _TIE * (heights.max() or 1.0) * apart, checks=False)
    turned = in_leaf_order(hierarchy.linkage(nudged, "average"), pdist(rows[:, None]))
    leaves = list(range(len(rows)))  # one below each node
    for merge, (one, other) in enumerate(turned[:, :2].astype(int)):
        turned[merge, 2] = heights[leaves[one], leaves[other]]
        leaves.append(leaves[one])
    places = node_rows(turned)[: len(rows)]
    if np.abs(places - rows).sum() > np.abs(places.max() - places - rows).sum():
        turned[:, :2] = turned[:, 1::-1]
    return turned
