"""Trees as text that other programs draw."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

PLAIN_NAME = re.compile(r"[A-Za-z0-9.-]+")


def newick(
    tree: Float[np.ndarray, "merges 4"],
    names: Sequence[str],
    *,
    support: Float[np.ndarray, " merges"] | None = None,
) -> str:
    """Writes a linkage matrix in Newick form.

    A merge lies at half its distance, so the path between two leaves is as long as the distance
    at which they meet. Without support, merges at one height that hang on each other are written
    as the one node of several branches that they are.

    Args:
      tree: SciPy's linkage matrix, of a method whose distances never decrease.
      names: one per leaf.
      support: shares from 0 to 1, written as whole percentages that name the inner nodes; nan
        leaves a node without a name.

    Returns:
      One line ending in a semicolon, without a line break.
    """
    texts = [quoted(name) for name in names]
    heights = [0.0] * len(texts)
    branches: list[list[str]] = [[] for _ in texts]  # of each node, as text
    for merge, (left, right, distance, _) in enumerate(tree):
        height, own = float(distance) / 2, []
        for child in (int(left), int(right)):
            is_same_node = support is None and branches[child] and heights[child] == height
            length = height - heights[child]
            own += branches[child] if is_same_node else [f"{texts[child]}:{length:.9g}"]
        name = "" if support is None or np.isnan(support[merge]) else f"{100 * support[merge]:.0f}"
        texts.append(f"({','.join(own)}){name}")
        heights.append(height)
        branches.append(own)
    return texts[-1] + ";"


def quoted(name: str) -> str:
    """Quotes a name as Newick asks: in single quotes, inner ones doubled, unless it is plain.

    An underscore is quoted too, since readers take a bare one for a blank.
    """
    return name if PLAIN_NAME.fullmatch(name) else "'" + name.replace("'", "''") + "'"
