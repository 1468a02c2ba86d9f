"""What becomes of the maps when the class, the images or the network change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from camtrap_jax.explain.sanity import class_sensitivity, randomised, stability
from camtrap_jax.explain.similarity import spearman, ssim
from camtrap_jax.models.stages import NUM_STAGES, stage_of
from camtrap_jax.study.quality.maps import Images, Judge, baseline_logits, noisy

Values = dict[str, Float[np.ndarray, " images"]]  # by measure
ByMethod = dict[str, Values]
Maps = dict[str, Float[np.ndarray, "images H W"]]  # of each pixel's importance, by method


@dataclass(frozen=True)
class Subject:
    """A trained network and what it says of the sample.

    Attributes:
      judge: makes its maps.
      variables: its variables.
      images: normalised.
      targets: the predicted class, which the maps speak of, and its runner-up.
      maps: of the predicted class.
      others: of the runner-up.
      facts: see `Judge.maps`.
    """

    judge: Judge
    variables: dict[str, Any]
    images: Images
    targets: Int[np.ndarray, "images 2"]
    maps: Maps
    others: Maps
    facts: dict[str, np.ndarray]


def of_another_class(subject: Subject) -> ByMethod:
    """How alike the maps of the two likeliest classes are."""
    found = {
        name: class_sensitivity(jnp.asarray(of), jnp.asarray(subject.others[name]))
        for name, of in subject.maps.items()
    }
    return {name: {"class_similarity": np.asarray(of)} for name, of in found.items()}


def with_noise(subject: Subject) -> ByMethod:
    """How alike the maps stay with a little noise on the images."""
    settings = subject.judge.config.quality
    images = noisy(subject.images, noise=settings.noise, seed=settings.seed)
    maps, _ = subject.judge.maps(subject.variables, images, subject.targets[:, :1])
    found = {
        name: stability(jnp.asarray(subject.maps[name]), jnp.asarray(of[None, :, 0]))
        for name, of in maps.items()
    }
    return {name: {"noise_similarity": np.asarray(of)} for name, of in found.items()}


def along_the_path(subject: Subject) -> ByMethod:
    """How far integrated gradients' sums are from the change that they should add up to."""
    sums, judge = subject.facts.get("path_sum"), subject.judge
    if sums is None:
        return {}
    start = baseline_logits(judge.model, subject.variables, judge.config.model.image_size)
    rows = np.arange(len(sums))
    change = (subject.facts["logits"] - start)[rows, subject.targets[:, 0]]
    gap = np.abs(sums[:, 0] - change) / np.abs(change)
    return {"integrated_gradients": {"completeness_gap": gap}}


def while_forgetting(subject: Subject) -> Iterator[tuple[str, ByMethod]]:
    """Yields the name of each group of layers, and how alike the maps are when it is forgotten too.

    Layers are forgotten from the head down; the last to go is the one that sees the image.
    """
    params, seed = subject.variables["params"], subject.judge.config.quality.seed
    for group, forgetful in randomised(params, groups_from_top(params), seed=seed):
        variables = {**subject.variables, "params": forgetful}
        maps, _ = subject.judge.maps(variables, subject.images, subject.targets[:, :1])
        yield group, {name: _alike(subject.maps[name], of[:, 0]) for name, of in maps.items()}


def groups_from_top(params: Mapping[str, Any]) -> dict[str, list[str]]:
    """Groups layers by stage, the head's one by one, from the logits down to the image."""
    head = sorted((layer for layer in params if stage_of(layer) == NUM_STAGES), reverse=True)
    groups = {layer: [layer] for layer in head}
    for stage in reversed(range(NUM_STAGES)):
        groups[f"stage {stage + 1}"] = [layer for layer in params if stage_of(layer) == stage]
    return groups


def _alike(maps: np.ndarray, others: np.ndarray) -> Values:
    given = jnp.asarray(maps), jnp.asarray(others)
    return {
        "randomisation_similarity": np.asarray(spearman(*given)),
        "randomisation_ssim": np.asarray(ssim(*given)),
    }
