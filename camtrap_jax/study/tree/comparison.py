"""The species' tree against one of the user's: comparison.csv and what tree.json says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax import embedding
from camtrap_jax.config import TreeConfig
from camtrap_jax.store import write_table
from camtrap_jax.study.tree.tables import linkage_table
from camtrap_jax.study.tree.taxonomy import Taxonomy

COLUMNS = ("measure", "value", "low", "high", "chance", "p_value")


def write_comparison(
    folder: Path,
    taxonomy: Taxonomy,
    known: list[str],
    tree: np.ndarray,
    resampled: np.ndarray,
    *,
    settings: TreeConfig,
) -> dict[str, Any]:
    """Writes comparison.csv, and the other tree as far as it was compared.

    That is taxonomy.nwk for other programs, and linkage_of_taxonomy.csv, whose species are
    numbered as in tree.json.

    Args:
      folder: where to.
      taxonomy: the other tree.
      known: names of the known species.
      tree: theirs.
      resampled: distances between them in each resample of the images.
      settings: of the tree.

    Returns:
      The same for tree.json.
    """
    table = _comparison_table(taxonomy, tree, resampled, settings)
    write_table(folder / "comparison.csv", table)
    names = [known[place] for place in taxonomy.places]
    write_table(folder / "linkage_of_taxonomy.csv", linkage_table(taxonomy.tree))
    text = embedding.newick(taxonomy.tree, names)
    (folder / "taxonomy.nwk").write_text(text + "\n", encoding="utf-8")
    return {
        "taxonomy": Path(settings.taxonomy).name,
        "species": names,
        "missing": taxonomy.missing,
        "ranks": taxonomy.ranks,
        "distances": taxonomy.heights,
        "rooted": True,
        "permutations": settings.permutations,
        "measures": table.set_index("measure").to_dict("index"),
    }


def _comparison_table(
    taxonomy: Taxonomy, tree: np.ndarray, resampled: np.ndarray, settings: TreeConfig
) -> pd.DataFrame:
    """Measures the tree and those of the resamples; one row a measure."""
    own = embedding.pruned(tree, taxonomy.places)
    found = embedding.compare_trees(
        own, taxonomy.tree, permutations=settings.permutations, seed=settings.seed
    )
    again = [
        embedding.agreement(embedding.pruned(other, taxonomy.places), taxonomy.tree)
        for other in embedding.resampled_trees(resampled, method=settings.linkage)
    ]
    rows = []
    for measure, one in found.items():
        values = np.array([row[measure] for row in again])
        low, high = embedding.percentile_interval(values)
        rows.append((measure, one.value, low, high, one.chance, one.p_value))
    return pd.DataFrame(rows, columns=list(COLUMNS))
