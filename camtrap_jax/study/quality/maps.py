"""A network's maps of a sample of images, and what they are worth to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Int

from camtrap_jax.compilation import compiler_options
from camtrap_jax.config import SINGLE_PASS_METHODS, Config
from camtrap_jax.explain.engine import explain_batch
from camtrap_jax.explain.faithfulness import (
    area_under,
    deletion_curve,
    insertion_curve,
    pixel_importance,
)
from camtrap_jax.explain.forward import Cut
from camtrap_jax.mesh import (
    computing_on,
    make_local_mesh,
    padded_batch_size,
    put_batch,
    put_replicated,
)
from camtrap_jax.models import Network
from camtrap_jax.study.attribution import attributed_layer, method_settings

Variables = Any
Images = Float[np.ndarray, "images H W 3"]
Targets = Int[np.ndarray, " images"]
Maps = dict[str, Float[np.ndarray, "images H W"]]  # of each pixel's importance, by method
Sums = dict[str, Float[np.ndarray, " images"]]  # of each map as it is, signed


@dataclass(frozen=True)
class Judge:
    """Asks one network, whose variables may change; each kind of question is compiled once.

    Attributes:
      model: the network.
      config: its settings, and those of the methods.
    """

    model: Network
    config: Config

    def logits(self, variables: Variables, images: Images) -> Float[np.ndarray, "images classes"]:
        """Returns what the network says."""
        predict = _compiled_network(self._network)
        return self._in_batches(predict, variables, images=images)

    def maps(
        self, variables: Variables, images: Images, targets: Targets, methods: Sequence[str]
    ) -> tuple[Maps, Sums]:
        """Returns the maps of some methods.

        Those of a single pass have a program of their own, so that one serves whether or not the
        costlier ones are asked for: compiling takes longer than running.
        """
        layer, settings = attributed_layer(self.config, self.model), method_settings(self.config)
        quick = tuple(name for name in methods if name in SINGLE_PASS_METHODS)
        costly = tuple(name for name in methods if name not in SINGLE_PASS_METHODS)
        maps, sums = {}, {}
        for chosen in filter(None, (quick, costly)):
            explain = _compiled_methods(self._network, layer, settings, chosen)
            found = self._in_batches(explain, variables, images=images, targets=targets)
            maps |= found[0]
            sums |= found[1]
        return {name: maps[name] for name in methods}, sums

    def areas(
        self, variables: Variables, images: Images, importance: np.ndarray, targets: Targets
    ) -> dict[str, Float[np.ndarray, " images"]]:
        """Returns the areas under the insertion and the deletion curve."""
        measure = _compiled_areas(self._network, self.config.quality.steps)
        batches = {"images": images, "importance": importance, "targets": targets}
        return self._in_batches(measure, variables, **batches)

    @property
    def _network(self) -> Any:
        """The network, which is hashable though its types do not say so."""
        return self.model

    def _in_batches(
        self, function: Callable[..., Any], variables: Variables, **arrays: np.ndarray
    ) -> Any:
        """Calls a function with batches of one size, spread over the devices."""
        mesh = make_local_mesh()
        placed = put_replicated(variables, mesh)
        size = padded_batch_size(self.config.explain.batch_size, mesh)
        count = len(next(iter(arrays.values())))
        with computing_on(mesh):
            results = (
                function(placed, **put_batch(one, mesh)) for one in _padded(arrays, count, size)
            )
            parts = [jax.tree.map(np.asarray, result) for result in results]
        return jax.tree.map(lambda *of: np.concatenate(of)[:count], *parts)


@cache
def _compiled_network(model: Network) -> Callable[..., Array]:
    @jax.jit(compiler_options=compiler_options())
    def predict(variables: Variables, images: Array) -> Array:
        return _logits(model, variables)(images)

    return predict


@cache
def _compiled_methods(
    model: Network, layer: str, settings: Any, methods: tuple[str, ...]
) -> Callable[..., tuple[dict[str, Array], dict[str, Array]]]:
    @jax.jit(compiler_options=compiler_options())
    def explain(
        variables: Variables, images: Array, targets: Array
    ) -> tuple[dict[str, Array], dict[str, Array]]:
        cut = Cut(*model.fold(variables), layer)
        explained = explain_batch(cut, images, targets, outputs=methods, settings=settings)
        _, height, width, _ = images.shape
        found = {name: explained._asdict()[name] for name in methods}
        maps = {name: pixel_importance(one, (height, width)) for name, one in found.items()}
        return maps, {name: one.reshape(len(one), -1).sum(1) for name, one in found.items()}

    return explain


@cache
def _compiled_areas(model: Network, steps: int) -> Callable[..., dict[str, Array]]:
    @jax.jit(compiler_options=compiler_options())
    def measure(
        variables: Variables, images: Array, importance: Array, targets: Array
    ) -> dict[str, Array]:
        given = (_logits(model, variables), images, importance, targets)
        return {
            "insertion_auc": area_under(insertion_curve(*given, steps=steps)),
            "deletion_auc": area_under(deletion_curve(*given, steps=steps)),
        }

    return measure


def _logits(model: Network, variables: Variables) -> Callable[[Array], Array]:
    return Cut(*model.fold(variables), model.layers[-1]).logits


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
