"""Stage `novelty`: how unfamiliar known and unknown species are to the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd

from camtrap_jax import embedding
from camtrap_jax.config import Config
from camtrap_jax.evaluation import detection_metrics
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder, write_json, write_table
from camtrap_jax.study.sample import (
    centroid_sample,
    finite_array,
    images_per_species,
    rows_of,
    sampled_rows,
)

SCORES = ("unfamiliarity", "msp", "energy", "mahalanobis", "knn")


@dataclass(frozen=True)
class Reference:
    """The training images that unfamiliarity is measured against: those of the tree."""

    features: np.ndarray
    labels: np.ndarray
    centroids: np.ndarray
    scale: float


def measure_novelty(run: RunFolder, config: Config) -> None:
    """Writes RUN/novelty: unfamiliarity per species, scores per image, novelty.json.

    Raises:
      ValueError: an array is not finite, or a known species has no training image.
    """
    known, unknown = run.dataset.classes, run.dataset.unknown
    features = finite_array(run, "features")
    reference = _reference(run, config, features)
    images, nearest = _score_images(run, config, features, reference)
    rounds = _round_means(run, config, images)
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


def _reference(run: RunFolder, config: Config, features: np.ndarray) -> Reference:
    rows, labels = centroid_sample(run, config)
    sample, codes = jnp.asarray(features[rows]), jnp.asarray(labels)
    centroids = embedding.class_centroids(sample, codes, num_classes=len(run.dataset.classes))
    scale = float(embedding.scale_of(sample, codes, centroids))
    return Reference(features[rows], labels, np.asarray(centroids), scale)


def _score_images(
    run: RunFolder, config: Config, features: np.ndarray, reference: Reference
) -> tuple[pd.DataFrame, np.ndarray]:
    """Scores of every test and unknown image, and the class of its nearest centroid."""
    chosen = run.index.loc[run.index["split"].isin(["test", "unknown"])].reset_index(drop=True)
    rows = np.asarray(chosen["row"], np.int64)
    scored, logits = features[rows], finite_array(run, "logits")[rows]
    distance, nearest = embedding.unfamiliarity(
        jnp.asarray(scored), jnp.asarray(reference.centroids), scale=reference.scale
    )
    columns: dict[str, Any] = {
        "image_id": chosen["image_id"],
        "species": chosen["species"],
        "unfamiliarity": np.asarray(distance),
        "nearest_species": np.array(run.dataset.classes, object)[np.asarray(nearest)],
        "msp": embedding.max_probability_score(logits),
        "energy": embedding.energy_score(logits),
        "mahalanobis": embedding.mahalanobis_score(scored, reference.features, reference.labels),
        "knn": embedding.neighbour_score(scored, reference.features, k=config.novelty.neighbours),
        "row": rows,
        "split": chosen["split"],
    }
    return pd.DataFrame(columns), np.asarray(nearest)


def _round_means(run: RunFolder, config: Config, images: pd.DataFrame) -> np.ndarray:
    """Mean unfamiliarity [species, rounds] of a fresh draw per round; nan without images.

    A species' draws depend on the seed, its position in classes.json and its own images alone.
    """
    settings = config.novelty
    unfamiliarity = images.set_index("row")["unfamiliarity"].astype(np.float64)
    means = []
    for code, (species, split) in enumerate(_groups(run)):
        rows = rows_of(images, species, split)
        draws = [
            sampled_rows(rows, settings.images_per_round, [settings.seed, code, number])
            for number in range(settings.rounds)
        ]
        means.append([unfamiliarity.loc[draw].mean() if len(draw) else np.nan for draw in draws])
    return np.array(means)


def _groups(run: RunFolder) -> list[tuple[str, str]]:
    known = [(species, "test") for species in run.dataset.classes]
    return known + [(species, "unknown") for species in run.dataset.unknown]


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
    means = np.clip(rounds.mean(axis=1), low, high)  # rounding may leave equal rounds
    threshold = np.nan if np.isnan(means[: len(known)]).all() else np.nanmax(means[: len(known)])
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
    return {species: counts.get(species, 0) for species, _ in _groups(run)}
