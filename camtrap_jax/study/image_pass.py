"""The network's pass over some images of a dataset, by all processes together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Int

from camtrap_jax.compilation import compiler_options
from camtrap_jax.config import Config
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.data.batches.pipeline import eval_batches
from camtrap_jax.explain.chunks import Rows
from camtrap_jax.explain.dataset import write_explanations
from camtrap_jax.explain.engine import explain_batch
from camtrap_jax.explain.forward import Cut
from camtrap_jax.explain.methods import METHODS
from camtrap_jax.mesh import (
    Batch,
    computing_on,
    make_local_mesh,
    padded_batch_size,
    put_batch,
    put_replicated,
)
from camtrap_jax.models import Network, load_weights
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.attribution import attributed_layer, method_settings
from camtrap_jax.study.console import OnProgress
from camtrap_jax.study.network import build_network
from camtrap_jax.study.targets import choose_targets


@dataclass(frozen=True)
class ImagePass:
    """What passes over images have in common: each process computes on its own devices.

    Attributes:
      run: whose network and dataset.
      config: all settings.
    """

    run: RunFolder
    config: Config

    def write(
        self,
        name: str,
        rows: Int[np.ndarray, " images"],
        outputs: list[str],
        *,
        only_maps: bool = False,
        on_progress: OnProgress,
    ) -> dict[int, str]:
        """Explains images and stores the arrays in RUN/explain.

        Args:
          name: of the pass.
          rows: of the manifest.
          outputs: which maps.
          only_maps: whether nothing else is stored, and a damaged record is an error.
          on_progress: called with images done and images in all.

        Returns:
          Why images could not be read, by their place in `rows`.

        Raises:
          ValueError: the weights do not fit the network, or a record is damaged.
        """
        compiled = self._compiled(tuple(outputs), only_maps=only_maps)

        def explain(batch: Batch) -> Rows:
            return self._explain(compiled, batch)

        return write_explanations(
            self.run.root / "explain",
            name,
            num_rows=len(rows),
            batch_size=self._batch_size,
            batches_of=lambda some: self._batches(rows[some], has_reasons=not only_maps),
            explain=explain,
            on_progress=on_progress,
        )

    @cached_property
    def _mesh(self) -> Mesh:
        return make_local_mesh()

    @cached_property
    def _folded(self) -> tuple[Network, Any]:
        """The network without BatchNorm, and its variables on the devices."""
        model = build_network(self.config, len(self.run.dataset.classes))
        network, variables = model.fold(load_weights(self.run.weights, model))
        return network, put_replicated(variables, self._mesh)

    @cached_property
    def _batch_size(self) -> int:
        return padded_batch_size(self.config.explain.batch_size, self._mesh)

    def _batches(self, rows: np.ndarray, *, has_reasons: bool) -> Iterator[Batch]:
        return eval_batches(
            self.run.dataset,
            rows,
            size_px=self.config.model.image_size,
            batch_size=self._batch_size,
            has_reasons=has_reasons,
        )

    def _compiled(self, outputs: tuple[str, ...], *, only_maps: bool) -> Callable[..., Rows]:
        """Returns a program from pixels to what is stored; it checks nothing, so nothing waits."""
        network, _ = self._folded
        layer, settings = attributed_layer(self.config, network), method_settings(self.config)

        @jax.jit(compiler_options=compiler_options())
        def explain(variables: Any, pixels: Array, targets: Array, against: Array | None) -> Rows:
            cut = Cut(network, variables, layer)
            images = normalise(pixels)
            explanation = explain_batch(
                cut, images, targets, against, outputs=outputs, settings=settings
            )
            return {
                name: value.astype(jnp.float16) if name in METHODS else value
                for name, value in explanation._asdict().items()
                if value is not None and name != "targets" and (name in METHODS or not only_maps)
            }

        return explain

    def _explain(self, compiled: Callable[..., Rows], batch: Batch) -> Rows:
        target, classes = self.config.explain.target, self.run.dataset.classes
        targets, against = choose_targets(target, batch["label"], classes)
        given = {"pixels": batch["pixels"], "targets": targets}
        given |= {} if against is None else {"against": against}
        placed = put_batch(given, self._mesh)
        with computing_on(self._mesh):
            return compiled(
                self._folded[1], placed["pixels"], placed["targets"], placed.get("against")
            )
