"""Which images the report shows; drawing them is `pictures`' part."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from camtrap_jax.config import ExplainConfig
from camtrap_jax.explain.gallery import gallery_rows
from camtrap_jax.run_folder import RunFolder

Row = dict[str, Any]  # of a table, by the names of its columns


def random_gallery(run: RunFolder, settings: ExplainConfig, *, limit: int) -> list[str]:
    """Names the first test images, up to `limit`, that `explain` drew of each known species.

    The confident mistakes, whose maps it stores too, are not among them: with them the gallery
    would look worse than the network is.
    """
    index = run.index
    classes = {name: label for label, name in enumerate(run.dataset.classes)}
    rows = gallery_rows(
        np.array([classes.get(name, -1) for name in index["species"]], np.int64),
        run.array("logits"),
        np.flatnonzero((index["split"] == "test") & ~index["image_id"].isin(list(run.hidden))),
        per_class=min(limit, settings.gallery_per_species),
        mistakes=0,
        seed=settings.seed,
    )
    return list(index["image_id"].to_numpy()[rows])


def is_correct(row: Row) -> bool:
    """Tells whether the image's species was predicted."""
    return row["species"] == row["predicted"]


def mistakes(predictions: Sequence[Row], mapped: Collection[str], *, limit: int) -> list[Row]:
    """Chooses misclassified images, one a burst: those with stored maps, then the surest."""
    stored = set(mapped)
    wrong = [row for row in predictions if not is_correct(row)]
    wrong.sort(key=lambda row: (row["image_id"] not in stored, -row["probability"]))
    return sorted(one_per_burst(wrong)[:limit], key=lambda row: -row["probability"])


def extreme_images(
    images: Sequence[Row], known: Collection[str], *, limit: int
) -> dict[str, list[Row]]:
    """Chooses images by unfamiliarity, one a burst.

    Returns three lists: `unfamiliar`, the least familiar of all; `doubtful`, the least familiar of
    known species (odd frames and wrong labels gather there); `mistaken`, images of unknown species
    that look most familiar.
    """
    falling = sorted(images, key=lambda row: -row["unfamiliarity"])
    familiar = [row for row in falling if row["species"] in known]
    strange = [row for row in reversed(falling) if row["species"] not in known]
    chosen = {"unfamiliar": falling, "doubtful": familiar, "mistaken": strange}
    return {name: one_per_burst(rows)[:limit] for name, rows in chosen.items()}


def one_per_burst(rows: Sequence[Row]) -> list[Row]:
    """Keeps the first row of each burst: its frames are almost the same picture."""
    first = {row["sequence"] or row["image_id"]: row for row in reversed(rows)}
    kept = {row["image_id"] for row in first.values()}
    return [row for row in rows if row["image_id"] in kept]
