"""What the network says of a sequence when all its test images vote."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from camtrap_jax import evaluation
from camtrap_jax.config import Config
from camtrap_jax.study.metrics import species_metrics
from camtrap_jax.study.sample import sequence_codes


def sequence_votes(
    images: pd.DataFrame,
    logits: Float[np.ndarray, "images classes"],
    labels: Int[np.ndarray, " images"],
    classes: list[str],
    config: Config,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Names each sequence once, from the mean of its images' probabilities.

    A sequence whose images carry several labels still gets one answer, from all its images: who
    reads the camera's card has no labels to sort them by. It counts once under each label, as
    images do that are stored under two.

    Returns:
      One row a sequence and label, by camera and sequence, with the first `image_id` to tell apart
      images that are in no sequence; and the numbers of metrics.json.
    """
    codes = sequence_codes(images)
    probabilities = evaluation.mean_probabilities(evaluation.probabilities_of(logits), codes)
    predictions = probabilities.argmax(axis=1)
    shown = np.zeros(probabilities.shape, bool)
    shown[codes, labels] = True
    sizes = np.bincount(codes)
    case, label = np.nonzero(shown)
    by_id = images.assign(code=codes).sort_values("image_id").drop_duplicates("code")
    places = by_id.sort_values("code").iloc[case]
    names = np.array(classes, object)
    table = pd.DataFrame(
        {
            "camera": places["camera"].to_numpy(object),
            "sequence": places["sequence"].to_numpy(object),
            "species": names[label],
            "images": sizes[case],
            "predicted": names[predictions[case]],
            "probability": probabilities.max(axis=1)[case],
            "probability_species": probabilities[case, label],
            "labels": shown.sum(axis=1)[case],
            "image_id": places["image_id"].to_numpy(object),
        }
    )
    by = ["camera", "sequence", "image_id", "species"]
    table = table.sort_values(by, ignore_index=True)
    metrics = {
        "sequences": len(sizes),
        "with_several_images": int((sizes > 1).sum()),
        "with_several_labels": int((shown.sum(axis=1) > 1).sum()),
        "images_without_sequence": int(np.sum(images["sequence"].to_numpy(object) == "")),
        **species_metrics(shown, predictions, config),
    }
    return table, metrics
