"""Maps of the sample under every condition: as they are, of another class, with noise, ..."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from camtrap_jax.compilation import compiler_options
from camtrap_jax.config import Config
from camtrap_jax.explain.engine import explain_batch
from camtrap_jax.explain.faithfulness import (
    area_under,
    deletion_curve,
    insertion_curve,
    pixel_importance,
)
from camtrap_jax.explain.forward import Cut
from camtrap_jax.mesh import make_local_mesh, padded_batch_size, put_batch, put_replicated
from camtrap_jax.models import Network
from camtrap_jax.study.attribution import attributed_layer, method_settings

Variables = Any
Images = Float[np.ndarray, "images H W 3"]
Targets = Int[np.ndarray, "images targets"]
Importance = Float[np.ndarray, "images targets H W"]  # of each pixel


@dataclass(frozen=True)
class Judge:
    """A network's maps of all methods, and what they are worth to it; one compilation each.

    Attributes:
      model: the network.
      config: its settings, and those of the methods.
    """

    model: Network
    config: Config

    def maps(
        self, variables: Variables, images: Images, targets: Targets
    ) -> tuple[dict[str, Importance], dict[str, np.ndarray]]:
        """Returns each method's maps, and `logits`, `targets` and, by name, sums of saliencies."""
        found = self._in_batches(self._explain, variables, images=images, targets=targets)
        names = self.config.quality.methods
        return {name: found.pop(name) for name in names}, found

    def areas(
        self, variables: Variables, images: Images, importance: np.ndarray, targets: np.ndarray
    ) -> dict[str, Float[np.ndarray, " images"]]:
        """Returns the areas under the insertion and the deletion curve."""
        batches = {"images": images, "importance": importance, "targets": targets}
        return self._in_batches(self._measure_areas, variables, **batches)

    @cached_property
    def _explain(self) -> Callable[..., dict[str, Array]]:
        model, layer = self.model, attributed_layer(self.config, self.model)
        outputs, settings = self.config.quality.methods, method_settings(self.config)

        @jax.jit(compiler_options=compiler_options())
        def explain(variables: Variables, images: Array, targets: Array) -> dict[str, Array]:
            cut = Cut(*model.fold(variables), layer)
            explained = explain_batch(cut, images, targets, outputs=outputs, settings=settings)
            maps = {name: explained._asdict()[name] for name in outputs}
            _, height, width, _ = images.shape
            to_importance = jax.vmap(lambda one: pixel_importance(one, (height, width)), 1, 1)
            found = {name: to_importance(one) for name, one in maps.items()}
            path = maps.get("integrated_gradients")
            sums = {} if path is None else {"path_sum": path.sum((-3, -2, -1))}
            return {**found, **sums, "logits": explained.logits, "targets": explained.targets}

        return explain

    @cached_property
    def _measure_areas(self) -> Callable[..., dict[str, Array]]:
        model, steps = self.model, self.config.quality.steps

        @jax.jit(compiler_options=compiler_options())
        def measure(
            variables: Variables, images: Array, importance: Array, targets: Array
        ) -> dict[str, Array]:
            network = Cut(*model.fold(variables), model.layers[-1]).logits
            given = (network, images, importance, targets)
            return {
                "insertion_auc": area_under(insertion_curve(*given, steps=steps)),
                "deletion_auc": area_under(deletion_curve(*given, steps=steps)),
            }

        return measure

    def _in_batches(
        self, function: Callable[..., dict[str, Array]], variables: Variables, **arrays: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Calls a function with batches of one size, spread over the devices."""
        mesh = make_local_mesh()
        placed = put_replicated(variables, mesh)
        size = padded_batch_size(self.config.explain.batch_size)
        count = len(next(iter(arrays.values())))
        results = (function(placed, **put_batch(one, mesh)) for one in _padded(arrays, count, size))
        parts = [jax.tree.map(np.asarray, result) for result in results]
        return {name: np.concatenate([part[name] for part in parts])[:count] for name in parts[0]}


def _padded(
    arrays: dict[str, np.ndarray], count: int, size: int
) -> Iterator[dict[str, np.ndarray]]:
    """Yields batches; the last is filled up with its first row."""
    for start in range(0, count, size):
        rows = np.arange(start, start + size)
        rows[rows >= count] = start
        yield {name: value[rows] for name, value in arrays.items()}


def noisy(images: Images, *, noise: float, seed: int) -> Images:
    """Adds noise, a fraction of each image's range."""
    drawn = np.random.default_rng(seed).normal(size=images.shape).astype(np.float32)
    extent = images.max((1, 2, 3), keepdims=True) - images.min((1, 2, 3), keepdims=True)
    return images + noise * extent * drawn


def baseline_logits(model: Network, variables: Variables, image_size: int) -> np.ndarray:
    """Returns the logits of an image of the mean colour."""
    blank = jnp.zeros((1, image_size, image_size, 3))
    return np.asarray(Cut(model, variables, model.layers[-1]).logits(blank))[0]
