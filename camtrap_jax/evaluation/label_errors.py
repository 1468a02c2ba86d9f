"""Labels that the images contradict."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int


def confident_disagreement(
    probabilities: Float[np.ndarray, "images classes"], labels: Int[np.ndarray, " images"]
) -> tuple[Int[np.ndarray, " images"], Float[np.ndarray, " images"]]:
    """Finds images that belong to another class with confidence.

    A class is confident about an image when the image's probability of it reaches the mean that
    the class's own images have; so classes that are hard to tell, or rare, are held to less. Of
    the confident classes the most probable one is what the image should be; where that is another
    class than its label, and more probable than all others together, the label is in doubt.

    Args:
      probabilities: of each image by a source that has not seen its label; rows that are nan are
        not judged.
      labels: class indices, which may be wrong.

    Returns:
      The class suggested for each image, -1 where the label stands, and by how much it is more
      probable than the label (above 0 up to 1, larger = more doubtful; nan where it stands).

    Source:
      Northcutt et al. 2021, "Confident learning: estimating uncertainty in dataset labels": the
      off-diagonal of its confident joint, ranked by normalised margin. The majority is ours:
      without it a poor classifier doubts a third of all labels.
    """
    num_images, num_classes = probabilities.shape
    own = probabilities[np.arange(num_images), labels]
    judged = np.isfinite(own)
    counts = np.bincount(labels[judged], minlength=num_classes)
    sums = np.bincount(labels[judged], own[judged], minlength=num_classes)
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)
    # A mean of equal numbers may exceed them by its rounding.
    confident = np.where(probabilities >= thresholds - 1e-12, probabilities, -1.0)
    best = confident.argmax(axis=1)
    doubtful = judged & (best != labels) & (confident.max(axis=1) > 0.5)
    margin = probabilities[np.arange(num_images), best] - own
    return np.where(doubtful, best, -1), np.where(doubtful, margin, np.nan)
