"""How often the network is right."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int


def accuracy(predictions: Int[np.ndarray, " images"], labels: Int[np.ndarray, " images"]) -> float:
    """Share of images whose prediction is their label; nan without images."""
    return float(np.mean(predictions == labels)) if len(labels) else float("nan")


def mean_species_accuracy(
    predictions: Int[np.ndarray, " images"],
    labels: Int[np.ndarray, " images"],
    *,
    num_classes: int,
) -> float:
    """Unweighted mean of the species' accuracies: rare species count as much as common ones.

    Species without images are left out; nan when no species has any.

    Source:
      Miao et al. 2019 report it beside the overall accuracy (83.0 % and 87.5 %).
    """
    counts = confusion_matrix(predictions, labels, num_classes=num_classes)
    images = counts.sum(axis=1)
    present = images > 0
    if not present.any():
        return float("nan")
    return float(np.mean(np.diag(counts)[present] / images[present]))


def in_top_k(
    logits: Float[np.ndarray, "images classes"], labels: Int[np.ndarray, " images"], *, k: int
) -> Bool[np.ndarray, " images"]:
    """Tells for which images the label is among the `k` highest logits.

    Of equal logits the lower class counts as higher, as in `argmax`; with at most `k` classes
    every image is a hit.
    """
    own = np.take_along_axis(logits, labels[:, None], axis=1)
    earlier = np.arange(logits.shape[1]) < labels[:, None]
    ahead = (logits > own) | ((logits == own) & earlier)
    return ahead.sum(axis=1) < k


def top_k_accuracy(
    logits: Float[np.ndarray, "images classes"], labels: Int[np.ndarray, " images"], *, k: int
) -> float:
    """Share of images whose label is among the `k` highest logits; nan without images."""
    return float(np.mean(in_top_k(logits, labels, k=k))) if len(labels) else float("nan")


def confusion_matrix(
    predictions: Int[np.ndarray, " images"],
    labels: Int[np.ndarray, " images"],
    *,
    num_classes: int,
) -> Int[np.ndarray, "classes classes"]:
    """Counts images by true species (rows) and predicted species (columns)."""
    cells = np.asarray(labels, np.int64) * num_classes + np.asarray(predictions, np.int64)
    return np.bincount(cells, minlength=num_classes**2).reshape(num_classes, num_classes)
