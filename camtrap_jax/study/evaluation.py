"""Stage `evaluate`: accuracy, calibration and predictions of the test images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax import evaluation
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder, write_json, write_table
from camtrap_jax.study.metrics import test_metrics
from camtrap_jax.study.sample import finite_array, split_images


def evaluate_run(run: RunFolder, config: Config) -> None:
    """Writes RUN/evaluate: metrics.json and the tables per species, camera and image.

    Raises:
      ValueError: the stored logits are not finite.
    """
    index, classes = run.index, run.dataset.classes
    logits = finite_array(run, "logits")
    _, rows, labels = split_images(index, "val", classes)
    temperature = evaluation.fit_temperature(logits[rows], labels)
    num_validation = len(rows)
    test, rows, labels = split_images(index, "test", classes)
    test_logits = logits[rows]
    with replaced_folder(run.root / "evaluate") as folder:
        metrics = test_metrics(test_logits, labels, temperature, config)
        metrics["validation_images"] = num_validation
        write_json(folder / "metrics.json", metrics)
        predictions = test_logits.argmax(axis=1)
        _write_species(folder, predictions, labels, classes)
        _write_predictions(folder, test, test_logits, classes)
        _write_cameras(folder, test, predictions == labels)


def _write_species(
    folder: Path, predictions: np.ndarray, labels: np.ndarray, classes: list[str]
) -> None:
    counts = evaluation.confusion_matrix(predictions, labels, num_classes=len(classes))
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


def _write_cameras(folder: Path, test: pd.DataFrame, hits: np.ndarray) -> None:
    """Accuracy per camera; images of no known camera are left out."""
    known = np.asarray(test["camera"] != "")
    cameras, codes = np.unique(np.asarray(test["camera"], object)[known], return_inverse=True)
    images = np.bincount(codes, minlength=len(cameras))
    correct = np.bincount(codes, hits[known], minlength=len(cameras))
    low, high = evaluation.wilson_interval(correct, images)
    columns = {
        "camera": cameras,
        "images": images,
        "accuracy": correct / images,
        "low": low,
        "high": high,
    }
    write_table(folder / "per_camera.csv", pd.DataFrame(columns))
