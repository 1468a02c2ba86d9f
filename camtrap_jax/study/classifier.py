"""Everything that naming the animals on new pictures needs of a trained run."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, UInt8

from camtrap_jax import embedding, evaluation
from camtrap_jax.compilation import compiler_options
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.models import Network, load_weights, make_model
from camtrap_jax.models.torchvision import tensors_of
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.sample import finite_array, split_images
from camtrap_jax.study.stages import check_has_ended
from camtrap_jax.study.unfamiliarity import (
    compared_images,
    known_threshold,
    round_means,
    species_means,
    training_reference,
    unfamiliar_images,
)


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a network's weights do not say about its answers; as JSON in an exported file.

    Attributes:
      network: `vgg16` or `resnet50`.
      width: of it.
      image_size: px of its square input.
      crop_bottom: fraction of the height that is cut off a picture.
      short_side: px of the records that it was trained on.
      burst_gap_sec: frames of a camera closer in time are one sequence.
      classes: species by their place among the logits.
      temperature: fitted on validation images; nan where none are, or all are named correctly.
      scale: distance in feature space that is an unfamiliarity of 1.
      threshold: unfamiliarity above which a picture resembles no known species; nan for none.
    """

    network: str
    width: float
    image_size: int
    crop_bottom: float
    short_side: int
    burst_gap_sec: float
    classes: tuple[str, ...]
    temperature: float
    scale: float
    threshold: float


@dataclass(frozen=True)
class Classifier:
    """A trained network, and what its answers are measured with.

    Attributes:
      facts: see there.
      variables: of the network.
      centroids: of the known species, float32 [classes, features].
    """

    facts: Facts
    variables: Any
    centroids: np.ndarray

    @property
    def model(self) -> Network:
        """The network."""
        facts = self.facts
        return make_model(facts.network, num_classes=len(facts.classes), width=facts.width)

    @property
    def is_calibrated(self) -> bool:
        """Whether there were validation images to fit the temperature on."""
        return bool(np.isfinite(self.facts.temperature))

    def probabilities(
        self, logits: Float[np.ndarray, "images classes"]
    ) -> Float[np.ndarray, "images classes"]:
        """Returns calibrated probabilities; the network's own where there is no temperature."""
        return calibrated_probabilities(logits, self.facts.temperature)

    def digest(self) -> str:
        """Returns a hash of what the stored answers of a picture depend on."""
        facts = self.facts
        pixels = (facts.image_size, facts.crop_bottom, facts.short_side)
        content = hashlib.sha256(repr(pixels).encode())
        content.update(repr((facts.network, facts.classes, facts.scale)).encode())
        for name, tensor in sorted(tensors_of(self.variables).items()):
            content.update(name.encode() + np.ascontiguousarray(tensor).tobytes())
        content.update(np.ascontiguousarray(self.centroids).tobytes())
        return content.hexdigest()[:16]


def classifier_of_run(run: RunFolder) -> Classifier:
    """Gathers a run's classifier; its dataset may be gone.

    The temperature and the reference of unfamiliarity come from what `explain` stored, and are
    those of `evaluate` and `novelty`.

    Raises:
      FileNotFoundError: there is no run.
      ValueError: it was not trained or explained to the end.
    """
    config = run.config
    for stage in ("train", "explain"):
        check_has_ended(stage, run)
    reference = training_reference(run, config)
    images, _ = unfamiliar_images(*compared_images(run), reference)
    means = species_means(round_means(run, config, images))
    facts = Facts(
        network=config.model.name,
        width=config.model.width,
        image_size=config.model.image_size,
        crop_bottom=config.data.crop_bottom,
        short_side=config.data.short_side,
        burst_gap_sec=config.data.burst_gap_sec,
        classes=tuple(run.classes),
        temperature=temperature_of(run),
        scale=reference.scale,
        threshold=known_threshold(means, len(run.classes)),
    )
    model = make_model(facts.network, num_classes=len(facts.classes), width=facts.width)
    return Classifier(facts, load_weights(run.weights, model), reference.centroids)


def temperature_of(run: RunFolder) -> float:
    """Fits the temperature on the run's validation images; nan where `fit_temperature` has none."""
    _, rows, labels = split_images(run.explained, "val", run.classes)
    return evaluation.fit_temperature(finite_array(run, "logits")[rows], labels)


def calibrated_probabilities(
    logits: Float[np.ndarray, "images classes"], temperature: float
) -> Float[np.ndarray, "images classes"]:
    """Returns probabilities at a fitted temperature; the network's own where it is nan."""
    fitted = temperature if np.isfinite(temperature) else 1.0
    return evaluation.probabilities_of(logits, temperature=fitted)


def make_classify(classifier: Classifier) -> Callable[..., dict[str, Array]]:
    """Returns the compiled function of variables, centroids and pixels that answers a batch."""
    model, scale = classifier.model, classifier.facts.scale

    @partial(jax.jit, compiler_options=compiler_options())
    def classify(
        variables: Any,
        centroids: Float[Array, "classes dim"],
        pixels: UInt8[Array, "batch h w 3"],
    ) -> dict[str, Array]:
        output: Any = model.apply(variables, normalise(pixels), train=False)
        distance, nearest = embedding.unfamiliarity(output.features, centroids, scale=scale)
        return {"logits": output.logits, "unfamiliarity": distance, "nearest": nearest}

    return classify
