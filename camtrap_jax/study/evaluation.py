"""Stage `evaluate`: accuracy, calibration, confusions and labels in doubt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pandas as pd

from camtrap_jax import embedding, evaluation
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder, write_json, write_table
from camtrap_jax.study.confused_pairs import confused_pairs
from camtrap_jax.study.light import camera_table, light_of_images, light_table
from camtrap_jax.study.metrics import INTERVAL, calibration_metrics, test_metrics
from camtrap_jax.study.sample import centroid_sample, finite_array, split_images
from camtrap_jax.study.sequence_votes import sequence_votes
from camtrap_jax.study.suspected_labels import suspected_labels


def evaluate_run(run: RunFolder, config: Config) -> None:
    """Writes RUN/evaluate: metrics.json and the tables.

    Raises:
      ValueError: the stored logits or features are not finite, or a known species has no training
        image.
    """
    classes = run.dataset.classes
    logits, features = finite_array(run, "logits"), finite_array(run, "features")
    sample = centroid_sample(run, config)
    centroids = embedding.class_centroids(
        jnp.asarray(features[sample[0]]), jnp.asarray(sample[1]), num_classes=len(classes)
    )
    with replaced_folder(run.root / "evaluate") as folder:
        metrics, counts = _write_test_tables(folder, run, config, logits)
        pairs, closeness = confused_pairs(counts, np.asarray(centroids), classes, config)
        write_table(folder / "confused_pairs.csv", pairs)
        suspects, doubts = suspected_labels(run, config, logits, features, sample)
        write_table(folder / "suspected_labels.csv", suspects)
        settings = {"bootstrap_rounds": config.evaluate.bootstrap_rounds,
                    "seed": config.evaluate.seed, "interval": INTERVAL}  # fmt: skip
        write_json(
            folder / "metrics.json",
            {**metrics, "confusion_distance": closeness, "suspected_labels": doubts, **settings},
        )


def _write_test_tables(
    folder: Path, run: RunFolder, config: Config, logits: np.ndarray
) -> tuple[dict[str, Any], np.ndarray]:
    """Writes what is known of the test images; returns numbers and the confusion matrix."""
    index, classes = run.index, run.dataset.classes
    test, rows, labels = split_images(index, "test", classes)
    test_logits, predictions = logits[rows], logits[rows].argmax(axis=1)
    light = light_of_images(run.dataset, test)
    counts = evaluation.confusion_matrix(predictions, labels, num_classes=len(classes))
    _write_species(folder, counts, classes)
    _write_predictions(folder, test, test_logits, classes)
    cameras = camera_table(test["camera"].to_numpy(object), light, predictions == labels)
    write_table(folder / "per_camera.csv", cameras)
    by_light = light_table(light, predictions, labels, num_classes=len(classes))
    write_table(folder / "per_light.csv", by_light)
    votes, of_sequences = sequence_votes(test, test_logits, labels, classes, config)
    write_table(folder / "sequences.csv", votes)
    temperature, fitted = _temperature(index, logits, classes)
    _write_reliability(folder, test_logits, labels, temperature)
    metrics = {
        **test_metrics(test_logits, labels, light, config),
        "by_sequence": of_sequences,
        **calibration_metrics(test_logits, labels, temperature, config),
        **fitted,
    }
    return metrics, counts


def _temperature(
    index: pd.DataFrame, logits: np.ndarray, classes: list[str]
) -> tuple[float, dict[str, Any]]:
    """Fits the temperature on the validation images; says why where that cannot be done."""
    _, rows, labels = split_images(index, "val", classes)
    temperature = evaluation.fit_temperature(logits[rows], labels)
    reason = None
    if np.isnan(temperature):
        reason = (
            f"all {len(rows)} validation images are named correctly: the lower, the likelier"
            if len(rows)
            else "there are no validation images to fit it on"
        )
    return temperature, {"temperature_missing": reason, "validation_images": len(rows)}


def _write_species(folder: Path, counts: np.ndarray, classes: list[str]) -> None:
    images, correct = counts.sum(axis=1), np.diag(counts)
    low, high = evaluation.wilson_interval(correct, images)
    table = {
        "species": classes,
        "images": images,
        "accuracy": correct / np.where(images > 0, images, np.nan),
        "low": low,
        "high": high,
    }
    write_table(folder / "per_species.csv", pd.DataFrame(table))
    confusion = pd.DataFrame(counts, columns=classes)
    confusion.insert(0, "species", classes, allow_duplicates=True)
    write_table(folder / "confusion_matrix.csv", confusion)


def _write_predictions(
    folder: Path, test: pd.DataFrame, logits: np.ndarray, classes: list[str]
) -> None:
    probabilities = evaluation.probabilities_of(logits)
    table = {
        "image_id": test["image_id"],
        "species": test["species"],
        "predicted": np.array(classes, object)[logits.argmax(axis=1)],
        "probability": probabilities.max(axis=1),
        "margin": evaluation.margin(probabilities),
        "entropy": evaluation.entropy(probabilities),
        "camera": test["camera"],
        "sequence": test["sequence"],
    }
    write_table(folder / "predictions.csv", pd.DataFrame(table))


def _write_reliability(
    folder: Path, logits: np.ndarray, labels: np.ndarray, temperature: float
) -> None:
    """One row a bin of confidence, of the network's probabilities and of the calibrated ones."""
    parts = []
    for name, value in (("raw", 1.0), ("calibrated", temperature)):
        if np.isnan(value):
            continue
        found = evaluation.reliability(
            evaluation.probabilities_of(logits, temperature=value), labels
        )
        low, high = evaluation.wilson_interval(found.correct, found.images)
        columns = {
            "probabilities": name,
            "bin": np.arange(len(found.images)) + 1,
            "low": found.edges[:-1],
            "high": found.edges[1:],
            "images": found.images,
            "confidence": found.confidence,
            "accuracy": found.correct / np.where(found.images > 0, found.images, np.nan),
            "accuracy_low": low,
            "accuracy_high": high,
        }
        parts.append(pd.DataFrame(columns))
    write_table(folder / "reliability.csv", pd.concat(parts, ignore_index=True))
