"""How much a random split flatters: the same network, trained and tested under three splits.

Frames of one burst, copies of one picture and the background of one camera lie on both sides of a
random split; under a split by sequence the first two do not, under one by camera none does.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax.config import Config
from camtrap_jax.data.audit import shared_with_train
from camtrap_jax.data.manifest import class_labels
from camtrap_jax.data.resplit import image_groups, write_resplit
from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.store import hash_json, read_json, write_json, write_table
from camtrap_jax.study.console import Console
from camtrap_jax.study.metrics import accuracy_metrics
from camtrap_jax.study.opening import open_run
from camtrap_jax.study.prediction import predicted_logits
from camtrap_jax.study.stages import run_stage

COMPARED_SPLITS = ("random", "sequence", "camera")


@dataclass(frozen=True)
class _Images:
    """A dataset, and which of its images look alike."""

    dataset: DatasetFolder
    groups: np.ndarray


@dataclass(frozen=True)
class _Tested:
    """A network's answers to the test images of one split."""

    split: str
    run: RunFolder
    logits: np.ndarray  # [images, classes]
    labels: np.ndarray
    notes: list[str]


def measure_leak(
    root: Path, dataset: DatasetFolder, config: Config, console: Console
) -> pd.DataFrame:
    """Writes RUN/leak: a run for each of `COMPARED_SPLITS`, and accuracies.csv over all.

    Networks differ in nothing but the split: settings, seed, and the records they read are the
    same. Interrupted, it goes on where it stopped.

    Args:
      root: the run folder.
      dataset: prepared images, under whatever split.
      config: the settings to train with.
      console: where progress is shown.

    Returns:
      The table: `split`; `overall` and `mean_species` accuracy with the bounds of their 95 %
      intervals; `images` tested; the `species` that the mean is over, those tested under every
      split; and the shares of test images of which train has the `same_picture`, a
      `near_duplicate`, a frame of the `same_burst`, the `same_camera`.

    Raises:
      ValueError: the images cannot be split in one of the ways.
    """
    images = _Images(dataset, image_groups(dataset))
    tested = [
        _train_and_test(root / "leak" / split, split, images, config, console)
        for split in COMPARED_SPLITS
    ]
    present = [set(part.labels) for part in tested]
    common = sorted(set.intersection(*present))
    table = pd.DataFrame([_row(part, common, images.groups, config) for part in tested])
    folder = root / "leak"
    write_table(folder / "accuracies.csv", table)
    write_json(
        folder / "leak.json",
        {
            "species": [dataset.classes[label] for label in common],
            "species_not_compared": [
                name for label, name in enumerate(dataset.classes) if label not in common
            ],
            "notes": {part.split: part.notes for part in tested},
            "steps": "the same number of epochs under each split",
            "seed": config.train.seed,
        },
    )
    return table


def _train_and_test(
    folder: Path,
    split: str,
    images: _Images,
    config: Config,
    console: Console,
) -> _Tested:
    config = copy.deepcopy(config)
    config.data.split = split
    notes = _split_once(folder, split, images, config)
    run = open_run(folder, DatasetFolder(folder / "dataset"), config)
    console.say(f"leak: {split} split")
    run_stage("train", run, config, console)
    manifest = run.dataset.manifest
    rows = np.flatnonzero(manifest["split"] == "test")
    labels = class_labels(manifest, run.dataset.classes)[rows]
    return _Tested(split, run, predicted_logits(run, config, rows), labels, notes)


def _split_once(folder: Path, split: str, images: _Images, config: Config) -> list[str]:
    """Writes the dataset under a split, unless it was written from the same one before."""
    mark, seed = folder / "split.json", config.data.seed
    key = hash_json([images.dataset.digest, split, seed])
    if mark.exists() and read_json(mark)["key"] == key:
        return read_json(mark)["notes"]
    target = folder / "dataset"
    found = write_resplit(images.dataset, target, images.groups, method=split, seed=seed)
    write_json(mark, {"key": key, "notes": found.notes})
    return found.notes


def _row(
    tested: _Tested, common: list[int], groups: np.ndarray, config: Config
) -> dict[str, object]:
    is_common = np.isin(tested.labels, common)
    overall = accuracy_metrics(tested.logits, tested.labels, config)["overall_accuracy"]
    mean = accuracy_metrics(tested.logits[is_common], tested.labels[is_common], config)[
        "mean_species_accuracy"
    ]
    return {
        "split": tested.split,
        "overall": overall["value"],
        "overall_low": overall["low"],
        "overall_high": overall["high"],
        "mean_species": mean["value"],
        "mean_species_low": mean["low"],
        "mean_species_high": mean["high"],
        "images": len(tested.labels),
        "species": len(common),
        **shared_with_train(tested.run.dataset.manifest, groups),
    }
