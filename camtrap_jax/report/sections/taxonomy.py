"""The species' tree beside one of the user's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.embedding import heights_of, in_leaf_order, pruned
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.report.tanglegram import tanglegram

MEASURES = {
    "cophenetic_correlation": "Cophenetic correlation: heights at which pairs meet",
    "bakers_gamma": "Baker's gamma: order in which pairs meet",
    "robinson_foulds": "Robinson-Foulds: groups that only one tree has",
    "robinson_foulds_normalised": "the same as a share of all groups",
}


def comparison(
    results: Results, linkage: pd.DataFrame, groups: dict[str, int], pictures: Pictures
) -> dict[str, Any] | None:
    """Draws both trees over the species that they share; None if there was nothing to compare."""
    table = results.table("tree/comparison.csv")
    other = results.table("tree/linkage_of_taxonomy.csv")
    if table is None or other is None:
        return None
    facts = results.json("tree/tree.json")["comparison"]
    names, known = facts["species"], list(groups)
    columns = ["left", "right", "distance", "leaves"]
    trees = [one[columns].to_numpy(np.float64) for one in (linkage, other)]
    own = trees[0]
    if len(names) < len(known):
        own = pruned(own, [known.index(name) for name in names])
        own = in_leaf_order(own, heights_of(own))
    figure = tanglegram(own, trees[1], names, groups, titles=("this network", facts["taxonomy"]))
    rows = table.to_dict("records")
    return {
        **facts,
        "drawing": pictures.save_figure(figure, "tree-comparison"),
        "rows": [{**row, "name": MEASURES.get(row["measure"], row["measure"])} for row in rows],
    }
