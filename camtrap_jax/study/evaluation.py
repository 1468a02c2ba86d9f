"""Stage `evaluate`: accuracy, calibration and predictions of the test images."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax import evaluation
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder, write_json, write_table
from camtrap_jax.study.sample import finite_array

TOP_K = 5


def evaluate_run(run: RunFolder, config: Config) -> None:
    """Writes RUN/evaluate: metrics.json and the tables per species, camera and image.

    Raises:
      ValueError: the stored logits are not finite.
    """
    index, classes = run.index, run.dataset.classes
    logits = finite_array(run, "logits")
    is_test = (index["split"] == "test").to_numpy()
    test = index[is_test].reset_index(drop=True)
    test_logits = logits[test["row"].to_numpy(np.int64)]
    labels = pd.Index(classes).get_indexer(pd.Index(test["species"]))
    temperature = _temperature(index, logits, classes)
    with replaced_folder(run.root / "evaluate") as folder:
        metrics = _metrics(test_logits, labels, temperature, config)
        metrics["validation_images"] = int((index["split"] == "val").sum())
        write_json(folder / "metrics.json", metrics)
        predictions = test_logits.argmax(axis=1)
        _write_species(folder, predictions, labels, classes)
        _write_predictions(folder, test, test_logits, classes)
        _write_cameras(folder, test, predictions == labels)


def _temperature(index: pd.DataFrame, logits: np.ndarray, classes: list[str]) -> float:
    validation = index[index["split"] == "val"]
    labels = pd.Index(classes).get_indexer(pd.Index(validation["species"]))
    return evaluation.fit_temperature(logits[validation["row"].to_numpy(np.int64)], labels)


def _metrics(
    logits: np.ndarray, labels: np.ndarray, temperature: float, config: Config
) -> dict[str, Any]:
    """Every number of metrics.json, those of the test images with bootstrap intervals."""
    num_images, num_classes = logits.shape
    predictions = logits.argmax(axis=1)
    one_stratum = np.zeros(num_images, np.int64)
    settings = {"rounds": config.evaluate.bootstrap_rounds, "seed": config.evaluate.seed}

    def with_interval(value: float, per_image: np.ndarray, strata: np.ndarray) -> dict[str, float]:
        low, high = evaluation.bootstrap_interval(lambda w: w @ per_image, strata, **settings)
        return {"value": value, "low": low, "high": high}

    def calibration(temperature: float) -> dict[str, float]:
        probabilities = evaluation.probabilities_of(logits, temperature=temperature)
        gaps = evaluation.calibration_gaps(probabilities, labels)
        low, high = evaluation.bootstrap_interval(
            lambda w: np.abs(w @ gaps).sum(axis=1) / num_images, one_stratum, **settings
        )
        value = evaluation.expected_calibration_error(probabilities, labels)
        return {"value": value, "low": low, "high": high}

    hits = predictions == labels
    in_top = evaluation.in_top_k(logits, labels, k=TOP_K)
    images = np.bincount(labels, minlength=num_classes)
    num_present = int((images > 0).sum())
    return {
        "images": num_images,
        "species": num_present,
        "overall_accuracy": with_interval(
            evaluation.accuracy(predictions, labels), hits / max(num_images, 1), one_stratum
        ),
        "mean_species_accuracy": with_interval(
            evaluation.mean_species_accuracy(predictions, labels, num_classes=num_classes),
            hits / (images[labels] * num_present),
            labels,
        ),
        "top5_accuracy": with_interval(
            evaluation.top_k_accuracy(logits, labels, k=TOP_K),
            in_top / max(num_images, 1),
            one_stratum,
        ),
        "ece": calibration(1.0),
        "ece_calibrated": calibration(temperature),
        "nll": evaluation.negative_log_likelihood(logits, labels),
        "nll_calibrated": evaluation.negative_log_likelihood(
            logits, labels, temperature=temperature
        ),
        "temperature": temperature,
        "bootstrap_rounds": config.evaluate.bootstrap_rounds,
        "interval": "95 % percentile bootstrap over test images; within species for "
        "mean_species_accuracy",
    }


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
    table = pd.DataFrame({"camera": test["camera"], "hit": hits.astype(np.int64)})
    groups = table[table["camera"] != ""].groupby("camera", sort=True)["hit"]
    images, correct = groups.size().to_numpy(), groups.sum().to_numpy()
    low, high = evaluation.wilson_interval(correct, images)
    columns = {
        "camera": list(groups.groups),
        "images": images,
        "accuracy": correct / images,
        "low": low,
        "high": high,
    }
    write_table(folder / "per_camera.csv", pd.DataFrame(columns))
