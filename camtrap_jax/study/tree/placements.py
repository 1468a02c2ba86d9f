"""Where each unknown species joins the tree of the known ones, alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax import embedding
from camtrap_jax.study.tree.species import Species

SEPARATOR = "; "  # between the species of a group that is joined
COLUMNS = ("species", "images", "nearest_species", "distance", "joins", "height", "support")


def placement_table(species: Species, resampled: np.ndarray, method: str) -> pd.DataFrame:
    """Places one unknown species at a time; one row each, empty where it has no image."""
    rows = [
        {
            "species": species.names[code],
            "images": int(species.images[code]),
            **_placed(species, resampled, method, code),
        }
        for code in range(species.num_known, len(species.names))
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _placed(species: Species, resampled: np.ndarray, method: str, code: int) -> dict[str, Any]:
    if not species.images[code]:
        return {"nearest_species": "", "joins": ""}
    found = embedding.place_species(
        species.distances, resampled, num_known=species.num_known, newcomer=code, method=method
    )
    return {
        "nearest_species": species.names[found.nearest],
        "distance": found.distance,
        "joins": SEPARATOR.join(species.names[known] for known in sorted(found.joins)),
        "height": found.height,
        "support": found.support,
    }


def nearest_known(table: pd.DataFrame) -> dict[str, dict[str, object]]:
    """The closest known centroid of each unknown species, for tree.json."""
    return {
        row["species"]: {
            "nearest": row["nearest_species"] or None,
            "distance": row["distance"],
            "images": row["images"],
        }
        for row in table.to_dict("records")
    }
