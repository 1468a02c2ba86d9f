"""The stage: reads what `explain` stored, and writes RUN/novelty."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder, write_json, write_table
from camtrap_jax.study.novelty.detection import INTERVAL, measure_detection
from camtrap_jax.study.novelty.near_far import NearFar, check_near, near_and_far
from camtrap_jax.study.novelty.review import review_table, write_thumbnails
from camtrap_jax.study.novelty.scores import SCORES, ScoredImages, score_images
from camtrap_jax.study.novelty.species import species_table, threshold_facts
from camtrap_jax.study.sample import images_per_species
from camtrap_jax.study.unfamiliarity import (
    Reference,
    compared_images,
    groups,
    round_means,
    training_reference,
)

IMAGE_COLUMNS = ("image_id", "species", SCORES[0], "nearest_species", *SCORES[1:])


def measure_novelty(run: RunFolder, config: Config) -> None:
    """Writes RUN/novelty: tables per species and image, the review list, novelty.json.

    Raises:
      ValueError: an array is not finite, a known species has no training image, or `novelty.near`
        names what is no unknown species.
    """
    check_near(run, config)
    known, unknown = run.classes, run.unknown
    reference = training_reference(run, config)
    images, features = compared_images(run)
    near_far = near_and_far(run, config, images, features, reference)
    scored = score_images(run, config, images, features, reference)
    rounds = round_means(run, config, scored.table)
    table = species_table(rounds, scored.table, scored.nearest, known, unknown)
    facts = threshold_facts(table, rounds)
    with_places = scored.table.merge(
        run.index[["image_id", "filepath", "camera", "sequence"]], on="image_id", how="left"
    )
    detection = measure_detection(run, config, with_places, near_far)
    threshold = facts["threshold"]["value"]
    review = review_table(
        run, with_places, np.nan if threshold is None else threshold, config.novelty.review
    )
    with replaced_folder(run.root / "novelty") as folder:
        write_table(folder / "unfamiliarity.csv", table)
        write_table(folder / "images.csv", scored.table.loc[:, list(IMAGE_COLUMNS)])
        write_table(folder / "scores.csv", detection.groups)
        write_table(folder / "per_species.csv", detection.species)
        write_table(folder / "near_far.csv", near_far.table)
        write_table(folder / "review.csv", review)
        write_thumbnails(run, folder, review)
        summary = {
            **facts,
            **detection.facts,
            "score_interval": INTERVAL,
            **_circumstances(run, config, scored, reference, near_far),
        }
        write_json(folder / "novelty.json", summary)


def _circumstances(
    run: RunFolder, config: Config, scored: ScoredImages, reference: Reference, near_far: NearFar
) -> dict[str, Any]:
    """What the numbers were made from, and how."""
    settings = config.novelty
    is_unknown = np.asarray(scored.table["split"] == "unknown")
    return {
        "near_far": {
            **near_far.facts,
            "near": near_far.species("near"),
            "far": near_far.species("far"),
        },
        "vim": scored.vim,
        "scale": reference.scale,
        "known_images": int((~is_unknown).sum()),
        "unknown_images": int(is_unknown.sum()),
        "rounds": settings.rounds,
        "images_per_round": settings.images_per_round,
        "neighbours": settings.neighbours,
        "bootstrap_rounds": settings.bootstrap_rounds,
        "interval": "lowest and highest mean of the rounds; for the threshold, those of "
        "threshold_species",
        "reference": images_per_species(
            reference.labels, run.classes, wanted=config.tree.images_per_species
        ),
        "test_images": _available(run, scored.table),
        "seed": settings.seed,
    }


def _available(run: RunFolder, images: pd.DataFrame) -> dict[str, int]:
    counts = images["species"].value_counts().to_dict()
    return {species: counts.get(species, 0) for species, _ in groups(run)}
