"""Single images laid out in a plane: the table of their places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax import embedding
from camtrap_jax.config import Config, TreeConfig
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.sample import sampled_rows
from camtrap_jax.study.tree.species import Species

COLUMNS = ("image_id", "species", "role", "pca_x", "pca_y", "tsne_x", "tsne_y")


def plane_table(
    run: RunFolder, config: Config, species: Species
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Lays some of each species' sampled images out.

    Returns:
      One row an image, coordinates empty where they are undefined, and facts for tree.json.
    """
    settings = config.tree
    places = _drawn_places(species, settings)
    labels = species.labels[places]
    image_of = run.explained.set_index("row")["image_id"]
    axes, shares = embedding.principal_axes(species.features[places], seed=settings.seed)
    points = np.full((len(places), 4), np.nan)
    shown = min(2, axes.shape[1])
    points[:, :shown] = axes[:, :shown]
    points[:, 2:] = embedding.neighbour_map(axes, seed=settings.seed)
    table = pd.DataFrame(
        {
            "image_id": image_of.loc[species.rows[places]].to_numpy(),
            "species": np.array(species.names, object)[labels],
            "role": np.where(labels < species.num_known, "known", "unknown"),
            **dict(zip(COLUMNS[3:], points.T, strict=True)),
        },
        columns=list(COLUMNS),
    )
    facts = {
        "images": len(places),
        "images_per_species": settings.embedded_images,
        "explained_variance": [
            float(shares[axis]) if axis < len(shares) else None for axis in (0, 1)
        ],
        "tsne_axes": axes.shape[1],
        "tsne_perplexity": embedding.perplexity_of(len(places)),
    }
    return table, facts


def _drawn_places(species: Species, settings: TreeConfig) -> np.ndarray:
    """Draws some of each species' sampled images, by their places in the sample."""
    return np.concatenate(
        [
            sampled_rows(
                np.flatnonzero(species.labels == code),
                settings.embedded_images,
                [settings.seed, code],
            )
            for code in range(len(species.names))
        ]
    )
