"""What a trained network says about images of its dataset."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from camtrap_jax.compilation import compiler_options
from camtrap_jax.config import Config
from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.data.batches.pipeline import eval_batches
from camtrap_jax.mesh import (
    make_local_mesh,
    padded_batch_size,
    put_batch,
    put_replicated,
)
from camtrap_jax.models import load_weights
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.training import build_network


def predicted_logits(
    run: RunFolder, config: Config, rows: Int[np.ndarray, " images"]
) -> Float[np.ndarray, "images classes"]:
    """Runs a run's network on rows of its dataset's manifest, in their order."""
    mesh = make_local_mesh()
    model = build_network(config, len(run.dataset.classes))
    variables = put_replicated(load_weights(run.weights, model), mesh)

    @partial(jax.jit, compiler_options=compiler_options())
    def logits_of(pixels: UInt8[Array, "batch h w 3"]) -> Float[Array, "batch classes"]:
        output: Any = model.apply(variables, normalise(pixels), train=False)
        return output.logits

    batches = eval_batches(
        run.dataset,
        rows,
        size_px=config.model.image_size,
        batch_size=padded_batch_size(config.explain.batch_size),
    )
    parts = [np.asarray(logits_of(put_batch(batch, mesh)["pixels"])) for batch in batches]
    return np.concatenate(parts)[: len(rows)]
