"""Which images must not be parted: frames of a burst, and duplicates."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Int
from scipy.sparse import coo_array, csgraph

from camtrap_jax.data.bursts import burst_names
from camtrap_jax.data.duplicates import exact_duplicates


def bound_together(images: pd.DataFrame) -> Int[np.ndarray, " images"]:
    """Numbers images so that those that must not be parted share a number.

    Bound are frames of one burst, images that look alike, files with the same bytes, and rows of
    one file; and so are the ends of a chain of such ties.

    Args:
      images: columns `filepath`, `camera`, `sequence`, `sha256` and `near_duplicate`.

    Returns:
      Numbers from 0, in the order of each group's first file by name: they do not depend on the
      order of the rows.
    """
    ties = [
        exact_duplicates(burst_names(images)),
        exact_duplicates(images["sha256"].tolist()),
        exact_duplicates(images["filepath"].tolist()),
        images["near_duplicate"].to_numpy(),
    ]
    pairs = np.concatenate([_neighbours(numbers) for numbers in ties])
    graph = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), (len(images),) * 2)
    _, group = csgraph.connected_components(graph, directed=False)
    files = pd.Series(images["filepath"].to_numpy(object))
    return np.unique(files.groupby(group).transform("min").to_numpy(object), return_inverse=True)[1]


def _neighbours(numbers: Int[np.ndarray, " images"]) -> Int[np.ndarray, "pairs 2"]:
    """Pairs the rows of a number, each with the next: enough to connect them."""
    order = np.argsort(numbers, kind="stable")
    same = numbers[order][1:] == numbers[order][:-1]
    return np.stack([order[:-1][same], order[1:][same]], axis=1)
