"""The network's pass over some images of a dataset, by all processes together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jax.sharding import Mesh
from jaxtyping import Int

from camtrap_jax.config import MAPS, Config
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.data.batches.pipeline import eval_batches
from camtrap_jax.explain import make_explainer
from camtrap_jax.explain.chunks import Rows
from camtrap_jax.explain.dataset import write_explanations
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
from camtrap_jax.study.console import OnProgress
from camtrap_jax.study.network import build_network


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
        explainer = make_explainer(self._model, self._variables, outputs=outputs)

        def explain(batch: Batch) -> Rows:
            return self._explain(explainer, batch, only_maps=only_maps)

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
    def _model(self) -> Network:
        return build_network(self.config, len(self.run.dataset.classes))

    @cached_property
    def _variables(self) -> Any:
        return put_replicated(load_weights(self.run.weights, self._model), self._mesh)

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

    def _explain(self, explainer: Callable[..., Any], batch: Batch, *, only_maps: bool) -> Rows:
        placed = put_batch({name: batch[name] for name in ("pixels", "label")}, self._mesh)
        targets = placed["label"] if self.config.explain.target == "true" else None
        with computing_on(self._mesh):
            explanation = explainer(normalise(placed["pixels"]), targets)._asdict()
        return {
            name: value.astype(np.float16) if name in MAPS else value
            for name, value in explanation.items()
            if value is not None and name != "targets" and (name in MAPS or not only_maps)
        }
