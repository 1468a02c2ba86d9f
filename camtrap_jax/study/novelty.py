"""Stage `novelty`: how unfamiliar known and unknown species are to the network."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax import embedding
from camtrap_jax.config import Config
from camtrap_jax.evaluation import detection_metrics
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder, write_json, write_table
from camtrap_jax.study.sample import finite_array, images_per_species
from camtrap_jax.study.unfamiliarity import (
    Reference,
    groups,
    known_threshold,
    round_means,
    species_means,
    training_reference,
    unfamiliar_images,
)

SCORES = ("unfamiliarity", "msp", "energy", "mahalanobis", "knn")


def measure_novelty(run: RunFolder, config: Config) -> None:
    """Writes RUN/novelty: unfamiliarity per species, scores per image, novelty.json.

    Raises:
      ValueError: an array is not finite, or a known species has no training image.
    """
    known, unknown = run.classes, run.unknown
    features = finite_array(run, "features")
    reference = training_reference(run, config, features)
    images, nearest = _score_images(run, config, features, reference)
    rounds = round_means(run, config, images)
    table = _species_table(rounds, images, nearest, known, unknown)
    is_unknown = np.asarray(images["split"] == "unknown")
    with replaced_folder(run.root / "novelty") as folder:
        write_table(folder / "unfamiliarity.csv", table)
        write_table(folder / "images.csv", images.drop(columns=["row", "split"]))
        scores = {
            name: detection_metrics(
                images[name].to_numpy()[~is_unknown], images[name].to_numpy()[is_unknown]
            )
            for name in SCORES
        }
        summary = {
            **_threshold(table, rounds[: len(known)]),
            "scores": scores,
            "scale": reference.scale,
            "known_images": int((~is_unknown).sum()),
            "unknown_images": int(is_unknown.sum()),
            "rounds": config.novelty.rounds,
            "images_per_round": config.novelty.images_per_round,
            "neighbours": config.novelty.neighbours,
            "interval": "lowest and highest mean of the rounds; for the threshold, those of "
            "threshold_species",
            "reference": images_per_species(
                reference.labels, known, wanted=config.tree.images_per_species
            ),
            "test_images": _available(run, images),
            "seed": config.novelty.seed,
        }
        write_json(folder / "novelty.json", summary)


def _score_images(
    run: RunFolder, config: Config, features: np.ndarray, reference: Reference
) -> tuple[pd.DataFrame, np.ndarray]:
    """Scores of every test and unknown image, and the class of its nearest centroid."""
    images, nearest = unfamiliar_images(run, features, reference)
    rows = np.asarray(images["row"], np.int64)
    scored, logits = features[rows], finite_array(run, "logits")[rows]
    columns: dict[str, Any] = {
        "image_id": images["image_id"],
        "species": images["species"],
        "unfamiliarity": images["unfamiliarity"],
        "nearest_species": np.array(run.classes, object)[nearest],
        "msp": embedding.max_probability_score(logits),
        "energy": embedding.energy_score(logits),
        "mahalanobis": embedding.mahalanobis_score(scored, reference.features, reference.labels),
        "knn": embedding.neighbour_score(scored, reference.features, k=config.novelty.neighbours),
        "row": rows,
        "split": images["split"],
    }
    return pd.DataFrame(columns), nearest


def _species_table(
    rounds: np.ndarray,
    images: pd.DataFrame,
    nearest: np.ndarray,
    known: list[str],
    unknown: list[str],
) -> pd.DataFrame:
    """One row a species; what has no images is empty."""
    names = [*known, *unknown]
    low, high = rounds.min(axis=1), rounds.max(axis=1)
    means = species_means(rounds)
    threshold = known_threshold(means, len(known))
    closest = []
    for species in names:
        votes = np.bincount(nearest[(images["species"] == species).to_numpy()])
        closest.append(known[votes.argmax()] if votes.size else "")
    defined = ~np.isnan(means) & ~np.isnan(threshold)
    above = pd.array(means > threshold, dtype="boolean")
    above[~defined] = pd.NA
    return pd.DataFrame(
        {
            "species": names,
            "role": ["known"] * len(known) + ["unknown"] * len(unknown),
            "mean": means,
            "low": low,
            "high": high,
            "nearest_species": closest,
            "above_threshold": above,
        }
    )


def _threshold(table: pd.DataFrame, known_rounds: np.ndarray) -> dict[str, Any]:
    """The most unfamiliar known species: its mean, its spread, and each round's own maximum."""
    unknown_above = table.loc[table["role"] == "unknown", "above_threshold"].dropna()
    found: dict[str, Any] = {
        "threshold": {"value": None, "low": None, "high": None},
        "threshold_species": None,
        "threshold_of_rounds": [],
        "unknown_species": len(unknown_above),
        "unknown_above_threshold": int(np.sum(unknown_above)) if len(unknown_above) else None,
    }
    known = table.iloc[: len(known_rounds)].dropna(subset=["mean"])
    if len(known):
        top = known.loc[known["mean"].idxmax()]
        found["threshold"] = {"value": top["mean"], "low": top["low"], "high": top["high"]}
        found["threshold_species"] = top["species"]
        found["threshold_of_rounds"] = known_rounds[known.index].max(axis=0)
    return found


def _available(run: RunFolder, images: pd.DataFrame) -> dict[str, int]:
    counts = images["species"].value_counts().to_dict()
    return {species: counts.get(species, 0) for species, _ in groups(run)}
