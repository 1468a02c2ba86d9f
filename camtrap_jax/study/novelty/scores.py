"""Scores of every test and unknown image, fitted to training images alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from camtrap_jax import embedding
from camtrap_jax.config import Config
from camtrap_jax.models import load_last_layer
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.sample import finite_array
from camtrap_jax.study.unfamiliarity import Reference, unfamiliar_images

# `unfamiliarity` is the paper's; the others are set beside it. In the order of images.csv.
SCORES = (
    *("unfamiliarity", "msp", "energy", "mahalanobis", "knn"),
    *("max_logit", "relative_mahalanobis", "vim"),
)
CHECKED_IMAGES = 100  # on which the last layer has to give the stored logits
TOLERANCE = 0.05  # of the largest logit; half precision rounds by a hundredth


@dataclass(frozen=True)
class ScoredImages:
    """Scores of images, and what they were made with.

    Attributes:
      table: `row, image_id, split, species, nearest_species, predicted, probability` and `SCORES`.
      nearest: class of each image's nearest centroid.
      vim: facts about ViM for novelty.json.
    """

    table: pd.DataFrame
    nearest: Int[np.ndarray, " images"]
    vim: dict[str, Any]


def score_images(
    run: RunFolder,
    config: Config,
    images: pd.DataFrame,
    features: Float[np.ndarray, "images dim"],
    reference: Reference,
) -> ScoredImages:
    """Scores images; larger = less familiar.

    Raises:
      ValueError: a logit is not finite.
    """
    table, nearest = unfamiliar_images(images, features, reference)
    all_logits = finite_array(run, "logits")
    logits = all_logits[np.asarray(table["row"], np.int64)]
    trained = reference.features
    distance, relative = embedding.mahalanobis_scores(features, trained, reference.labels)
    vim, facts = _virtual_logit(
        run,
        features,
        logits,
        reference,
        training_logits=all_logits[reference.rows],
        dim=config.novelty.vim_dim,
    )
    classes = np.array(run.classes, object)
    probability = 1 - embedding.max_probability_score(logits)
    table = table.assign(
        nearest_species=classes[nearest],
        predicted=classes[logits.argmax(axis=1)],
        probability=probability,
        msp=1 - probability,
        energy=embedding.energy_score(logits),
        mahalanobis=distance,
        knn=embedding.neighbour_score(features, trained, k=config.novelty.neighbours),
        max_logit=embedding.max_logit_score(logits),
        relative_mahalanobis=relative,
        vim=vim,
    )
    return ScoredImages(table, nearest, facts)


def _virtual_logit(
    run: RunFolder,
    features: Float[np.ndarray, "images dim"],
    logits: Float[np.ndarray, "images classes"],
    reference: Reference,
    *,
    training_logits: Float[np.ndarray, "training classes"],
    dim: int,
) -> tuple[Float[np.ndarray, " images"], dict[str, Any]]:
    """ViM's scores and facts; nan, and the reason, where the last layer does not fit."""
    undefined = np.full(len(features), np.nan)
    if not (run.root / "weights.safetensors").exists():
        return undefined, {"dim": None, "missing": "the run has no weights"}
    weight, bias = load_last_layer(run.weights)
    if not _gives(weight, bias, reference.features, training_logits):
        reason = "the stored features are not the input of the network's last layer"
        return undefined, {"dim": None, "missing": reason}
    dim = dim or embedding.choose_principal_dim(reference.features)
    if dim >= features.shape[1]:
        reason = f"{dim} of {features.shape[1]} directions leave no residual"
        return undefined, {"dim": dim, "missing": reason}
    scores = embedding.virtual_logit_score(
        features,
        logits,
        reference.features,
        training_logits,
        weight=weight,
        bias=bias,
        principal_dim=dim,
    )
    is_defined = not np.isnan(scores).any()
    reason = None if is_defined else "the training images have no residual"
    return scores, {"dim": dim, "missing": reason}


def _gives(
    weight: Float[np.ndarray, "classes dim"],
    bias: Float[np.ndarray, " classes"],
    features: Float[np.ndarray, "images dim"],
    logits: Float[np.ndarray, "images classes"],
) -> bool:
    """Tells whether a layer turns features into the stored logits."""
    some = slice(None, None, max(1, len(features) // CHECKED_IMAGES))
    if weight.shape != (logits.shape[1], features.shape[1]):
        return False
    errors = np.abs(features[some] @ weight.T + bias - logits[some])
    return bool(errors.max() <= TOLERANCE * max(1.0, float(np.abs(logits[some]).max())))
