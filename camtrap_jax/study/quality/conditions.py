"""What becomes of the maps when the class, the images or the network change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from camtrap_jax.config import SINGLE_PASS_METHODS
from camtrap_jax.explain.sanity import class_sensitivity, randomised, stability
from camtrap_jax.explain.similarity import spearman, ssim
from camtrap_jax.models.stages import NUM_STAGES, stage_of
from camtrap_jax.study.quality.maps import Images, Judge, Maps, Sums, noisy

Values = dict[str, Float[np.ndarray, " images"]]  # by measure
ByMethod = dict[str, Values]


@dataclass(frozen=True)
class Subject:
    """A trained network and the images that it is asked about.

    Attributes:
      judge: makes its maps.
      variables: its variables.
      images: normalised.
    """

    judge: Judge
    variables: dict[str, Any]
    images: Images

    @cached_property
    def logits(self) -> Float[np.ndarray, "images classes"]:
        """What the network says."""
        return self.judge.logits(self.variables, self.images)

    @cached_property
    def likeliest(self) -> Int[np.ndarray, "images classes"]:
        """The classes of each image, the predicted one first."""
        return np.argsort(-self.logits, axis=1, kind="stable").astype(np.int32)

    @cached_property
    def explained(self) -> tuple[Maps, Sums]:
        """All maps of the predicted class, and their sums."""
        return self.maps_of(self.variables, self.images)

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that are measured."""
        return self.judge.config.quality.methods

    def maps_of(
        self,
        variables: dict[str, Any],
        images: Images,
        *,
        place: int = 0,
        methods: tuple[str, ...] | None = None,
    ) -> tuple[Maps, Sums]:
        """Returns maps under other conditions, of the classes at one place of the likeliest."""
        chosen = self.methods if methods is None else methods
        return self.judge.maps(variables, images, self.likeliest[:, place], chosen)


def of_another_class(subject: Subject) -> ByMethod:
    """How alike the maps of the two likeliest classes are."""
    maps, others = subject.explained[0], subject.maps_of(subject.variables, subject.images, place=1)
    found = {name: class_sensitivity(*_pair(maps, others[0], name)) for name in maps}
    return {name: {"class_similarity": np.asarray(of)} for name, of in found.items()}


def with_noise(subject: Subject) -> ByMethod:
    """How alike the maps stay with a little noise on the images."""
    settings = subject.judge.config.quality
    images = noisy(subject.images, noise=settings.noise, seed=settings.seed)
    maps, (changed, _) = subject.explained[0], subject.maps_of(subject.variables, images)
    found = {name: stability(jnp.asarray(of), jnp.asarray(changed[name])[None])
             for name, of in maps.items()}  # fmt: skip
    return {name: {"noise_similarity": np.asarray(of)} for name, of in found.items()}


def along_the_path(subject: Subject) -> ByMethod:
    """How far integrated gradients' sums are from the change that they should add up to."""
    sums = subject.explained[1].get("integrated_gradients")
    if sums is None:
        return {}
    blank = subject.judge.logits(subject.variables, np.zeros_like(subject.images[:1]))
    predicted = subject.likeliest[:, :1]
    change = np.take_along_axis(subject.logits - blank, predicted, axis=1)[:, 0]
    return {"integrated_gradients": {"completeness_gap": np.abs(sums - change) / np.abs(change)}}


def while_forgetting(subject: Subject) -> Iterator[tuple[str, ByMethod]]:
    """Yields the name of each group of layers, and how alike the maps are when it is forgotten too.

    Layers are forgotten from the head down; the last to go is the one that sees the image. Methods
    that take many passes are asked at the end only.
    """
    params, seed = subject.variables["params"], subject.judge.config.quality.seed
    groups = groups_from_top(params)
    quick = tuple(name for name in subject.methods if name in SINGLE_PASS_METHODS)
    for number, (group, forgetful) in enumerate(randomised(params, groups, seed=seed), start=1):
        methods = subject.methods if number == len(groups) else quick
        variables = {**subject.variables, "params": forgetful}
        maps, _ = subject.maps_of(variables, subject.images, methods=methods)
        yield group, {name: _alike(*_pair(subject.explained[0], maps, name)) for name in maps}


def groups_from_top(params: Mapping[str, Any]) -> dict[str, list[str]]:
    """Groups layers by stage, from the head, which is one, down to the image."""
    groups = {"head": [layer for layer in params if stage_of(layer) == NUM_STAGES]}
    for stage in reversed(range(NUM_STAGES)):
        groups[f"stage {stage + 1}"] = [layer for layer in params if stage_of(layer) == stage]
    return groups


def _pair(maps: Maps, others: Maps, name: str) -> tuple[Any, Any]:
    return jnp.asarray(maps[name]), jnp.asarray(others[name])


def _alike(maps: Any, others: Any) -> Values:
    return {
        "randomisation_similarity": np.asarray(spearman(maps, others)),
        "randomisation_ssim": np.asarray(ssim(maps, others)),
    }
