"""Maps of frozen stages, computed once and reused in every epoch: transfer learning on a laptop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import tensorstore as ts
from jaxtyping import Array, Float, Int

from camtrap_jax.compilation import compiler_options
from camtrap_jax.config import Config
from camtrap_jax.data.batches.augment import augment, normalise
from camtrap_jax.data.batches.pipeline import eval_batches, train_rows, val_rows
from camtrap_jax.explain.dataset import write_explanations
from camtrap_jax.mesh import (
    Batch,
    make_mesh,
    padded_batch_size,
    process_share,
    put_batch,
)
from camtrap_jax.models import Network
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import open_array
from camtrap_jax.study.console import Console

LOAD_MARGIN = 8 / 7  # frames from which crops are cut are larger than the input, as 256 is to 224


@dataclass(frozen=True)
class FrozenMaps:
    """What the frozen stages make of the images; float16, in the order of the manifest."""

    train: list[ts.TensorStore]  # one array a view
    validation: ts.TensorStore | None  # of the whole frames; None without validation images


@dataclass(frozen=True)
class _View:
    """Images as the frozen stages get to see them."""

    name: str
    rows: Int[np.ndarray, " images"]  # of the manifest
    size_px: int  # of the frames
    images_of: Callable[[Array, Array], Array]  # keys, pixels -> normalised images
    number: int = 0


def compute_frozen_maps(
    run: RunFolder,
    config: Config,
    model: Network,
    variables: dict[str, Any],
    console: Console,
) -> FrozenMaps:
    """Stores the maps of the frozen stages in RUN/train/maps, and goes on where it was killed.

    The first view of an image is the whole frame, as in evaluation; the others are augmented.

    Raises:
      ValueError: there are several processes, of which each would compute all of it.
    """
    if process_share()[1] > 1:
        raise ValueError(
            "train.reused_views: expected 0 in several processes, each of which would compute all "
            f"maps, got {config.train.reused_views}"
        )
    training, validation = _training_views(run, config), _validation_view(run, config)
    for view in (*training, validation):
        maps_of = _make_maps_of(model, variables, view, config)
        _store(view, maps_of, run, config, console)
    folder = maps_folder(run)
    return FrozenMaps(
        [open_array(folder / f"{view.name}.zarr") for view in training],
        open_array(folder / f"{validation.name}.zarr") if len(validation.rows) else None,
    )


def maps_folder(run: RunFolder) -> Path:
    """Returns where the maps lie while training needs them."""
    return run.root / "train" / "maps"


def _training_views(run: RunFolder, config: Config) -> list[_View]:
    settings, side = config.train, config.model.image_size
    rows = train_rows(run.dataset)
    augmented = partial(
        augment, size_px=side, min_area=settings.min_crop_area, jitter=settings.color_jitter
    )
    return [
        _View("view_0", rows, side, _whole_frame),
        *(
            _View(f"view_{number}", rows, round(side * LOAD_MARGIN), augmented, number)
            for number in range(1, settings.reused_views)
        ),
    ]


def _validation_view(run: RunFolder, config: Config) -> _View:
    return _View("validation", val_rows(run.dataset), config.model.image_size, _whole_frame)


def _whole_frame(keys: Array, pixels: Array) -> Array:
    del keys
    return normalise(pixels)


def _make_maps_of(
    model: Network, variables: dict[str, Any], view: _View, config: Config
) -> Callable[[Array, Array], Array]:
    """Makes the function (pixels, manifest rows) -> maps; an image's view depends on its row."""
    settings = config.train

    @partial(jax.jit, compiler_options=compiler_options())
    def maps_of(pixels: Array, rows: Array) -> Float[Array, "b h w units"]:
        key = jax.random.fold_in(jax.random.key(settings.seed), view.number)
        keys = jax.vmap(partial(jax.random.fold_in, key))(rows)
        images = view.images_of(keys, pixels)
        maps: Any = model.apply(variables, images, method="trunk", last=settings.frozen_stages)
        return maps.astype(jnp.float16)

    return maps_of


def _store(
    view: _View,
    maps_of: Callable[[Array, Array], Array],
    run: RunFolder,
    config: Config,
    console: Console,
) -> None:
    mesh, batch_size = make_mesh(), padded_batch_size(config.explain.batch_size)

    def batches_of(some: np.ndarray) -> Iterator[Batch]:
        rows = view.rows[some]
        return eval_batches(run.dataset, rows, size_px=view.size_px, batch_size=batch_size)

    def compute(batch: Batch) -> dict[str, Array]:
        placed = put_batch(batch, mesh)
        return {view.name: maps_of(placed["pixels"], placed["row"])}

    write_explanations(
        maps_folder(run),
        view.name,
        num_rows=len(view.rows),
        batch_size=batch_size,
        batches_of=batches_of,
        explain=compute,
        rows_per_read=1,
        on_progress=console.progress(f"train: maps, {view.name}"),
    )
