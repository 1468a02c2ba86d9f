"""Which species are taken for which, and whether those lie close together in feature space."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from camtrap_jax import evaluation
from camtrap_jax.config import Config

NEAREST = 3  # the paper names the three species that reedbuck is near to, and is taken for


def confused_pairs(
    counts: Int[np.ndarray, "species species"],
    centroids: Float[np.ndarray, "species dim"],
    classes: list[str],
    config: Config,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Sets the confusions of the test images against the distances between the species.

    Args:
      counts: confusion matrix, rows true and columns predicted.
      centroids: of the species, from training images.
      classes: names of the species.
      config: settings of the stage.

    Returns:
      One row a pair that was confused, most frequent first, and the numbers of metrics.json.

    Source:
      Miao et al. 2019 explain thus what reedbuck is taken for; the table and its test are ours.
    """
    distances = cdist(centroids, centroids)
    np.fill_diagonal(distances, np.inf)
    ranks = rankdata(distances, axis=1, method="min").astype(np.int64)
    off_diagonal = counts * ~np.eye(len(counts), dtype=bool)
    true, taken_for = np.nonzero(off_diagonal)
    names, images = np.array(classes, object), off_diagonal[true, taken_for]
    table = pd.DataFrame(
        {
            "species": names[true],
            "predicted": names[taken_for],
            "images": images,
            "share": images / counts.sum(axis=1)[true],
            "distance": distances[true, taken_for],
            "distance_rank": ranks[true, taken_for],
        }
    )
    table = table.sort_values(
        ["images", "share", "species", "predicted"],
        ascending=[False, False, True, True],
        ignore_index=True,
    )
    return table, _summary(table, counts, distances, config)


def _summary(
    table: pd.DataFrame, counts: np.ndarray, distances: np.ndarray, config: Config
) -> dict[str, Any]:
    settings = config.evaluate
    agreement = evaluation.rank_agreement(
        evaluation.confusion_shares(counts),
        distances,
        permutations=settings.permutations,
        seed=settings.seed,
    )
    images, ranks = table["images"].to_numpy(), table["distance_rank"].to_numpy()
    wrong, near = int(images.sum()), int(images[ranks <= NEAREST].sum())
    others = len(counts) - 1
    return {
        "spearman": agreement.correlation,
        "p_value": agreement.p_value,
        "permutations": settings.permutations,
        "pairs": agreement.pairs,
        "wrong_images": wrong,
        "wrong_among_nearest": near / wrong if wrong else float("nan"),
        "by_chance": min(1.0, NEAREST / others) if others else float("nan"),
        "nearest": NEAREST,
    }
