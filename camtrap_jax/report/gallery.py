"""Which images the report shows; drawing them is `pictures`' part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from camtrap_jax.config import ExplainConfig
from camtrap_jax.explain import gallery_rows
from camtrap_jax.run_folder import RunFolder

Row = dict[str, Any]  # of a table, by the names of its columns


def random_gallery(run: RunFolder, settings: ExplainConfig) -> list[str]:
    """Names the test images that `explain` drew at random of each known species.

    The confident mistakes, whose maps it stores too, are not among them: with them the gallery
    would look worse than the network is.
    """
    index = run.index
    classes = {name: label for label, name in enumerate(run.dataset.classes)}
    rows = gallery_rows(
        np.array([classes.get(name, -1) for name in index["species"]], np.int64),
        run.array("logits"),
        np.flatnonzero(index["split"] == "test"),
        per_class=settings.gallery_per_species,
        mistakes=0,
        seed=settings.seed,
    )
    return list(index["image_id"].to_numpy()[rows])


def is_correct(row: Row) -> bool:
    """Tells whether the image's species was predicted."""
    return row["species"] == row["predicted"]


def mistakes(predictions: Sequence[Row], mapped: Collection[str], *, limit: int) -> list[Row]:
    """Chooses misclassified images, those with stored maps before others, the surest first."""
    stored = set(mapped)
    wrong = [row for row in predictions if not is_correct(row)]
    wrong.sort(key=lambda row: (row["image_id"] not in stored, -row["probability"]))
    return sorted(wrong[:limit], key=lambda row: -row["probability"])


def confusions(predictions: Sequence[Row], *, limit: int) -> list[Row]:
    """Counts `species, predicted, images, share` of the wrong pairs, the most frequent first.

    The share is of the true species' images.
    """
    totals = Counter(row["species"] for row in predictions)
    pairs = Counter(
        (row["species"], row["predicted"]) for row in predictions if not is_correct(row)
    )
    counted = [
        {"species": true, "predicted": wrong, "images": images, "share": images / totals[true]}
        for (true, wrong), images in pairs.items()
    ]
    return sorted(counted, key=lambda row: (-row["images"], -row["share"]))[:limit]


def extreme_images(
    images: Sequence[Row], known: Collection[str], *, limit: int
) -> dict[str, list[Row]]:
    """Chooses images by unfamiliarity.

    Returns three lists: `unfamiliar`, the least familiar of all; `doubtful`, the least familiar of
    known species (odd frames and wrong labels gather there); `mistaken`, images of unknown species
    that look most familiar.
    """
    falling = sorted(images, key=lambda row: -row["unfamiliarity"])
    return {
        "unfamiliar": falling[:limit],
        "doubtful": [row for row in falling if row["species"] in known][:limit],
        "mistaken": [row for row in reversed(falling) if row["species"] not in known][:limit],
    }
