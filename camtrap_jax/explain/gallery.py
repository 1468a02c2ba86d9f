"""Which images' input-shaped maps are worth storing when not all are."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int


def gallery_rows(
    labels: Int[np.ndarray, " images"],
    logits: Float[np.ndarray, "images classes"],
    candidates: Int[np.ndarray, " rows"],
    *,
    per_class: int,
    mistakes: int,
    seed: int,
) -> Int[np.ndarray, " chosen"]:
    """Draws test images of every class, and adds the mistakes the network was surest of.

    Args:
      labels: class of each image; -1 for an unknown species.
      logits: of each image.
      candidates: rows to choose from, the test images.
      per_class: images drawn at random of each class, all where there are fewer.
      mistakes: misclassified images added, the most confident first.
      seed: of the draw.

    Returns:
      Chosen rows in ascending order, none twice.
    """
    known = candidates[labels[candidates] >= 0]
    chosen: set[int] = set()
    for index in range(logits.shape[1]):
        rows = known[labels[known] == index]
        generator = np.random.default_rng([seed, index])
        chosen.update(generator.permutation(rows)[:per_class].tolist())
    wrong = known[logits[known].argmax(-1) != labels[known]]
    shifted = logits[wrong] - logits[wrong].max(-1, keepdims=True)
    confidence = 1 / np.exp(shifted).sum(-1)  # softmax of the largest logit
    chosen.update(wrong[np.argsort(-confidence, kind="stable")][:mistakes].tolist())
    return np.array(sorted(chosen), np.int64)
