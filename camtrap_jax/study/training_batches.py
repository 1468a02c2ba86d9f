"""What training and its validation see: images, or maps of frozen stages."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import numpy as np
from jaxtyping import Array

from camtrap_jax.config import Config
from camtrap_jax.data.batches.augment import augment
from camtrap_jax.data.batches.pipeline import eval_batches, train_iterator, train_rows, val_rows
from camtrap_jax.data.batches.stored_maps import eval_map_batches, train_map_batches
from camtrap_jax.data.manifest import class_labels
from camtrap_jax.mesh import Batch, padded_batch_size, process_share
from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.study.frozen_maps import LOAD_MARGIN, FrozenMaps


def augmentation(config: Config, maps: FrozenMaps | None) -> Callable[[Array, Array], Array]:
    """Returns the function (keys, pixels) -> images of training; maps stay as they are."""
    if maps:
        return lambda keys, pixels: pixels
    settings = config.train
    return partial(
        augment,
        size_px=config.model.image_size,
        min_area=settings.min_crop_area,
        jitter=settings.color_jitter,
    )


def train_batches(
    run: RunFolder, config: Config, maps: FrozenMaps | None, *, start_step: int
) -> Generator[Batch]:
    """Yields this process's share of every batch from `start_step` on, without end."""
    settings = config.train
    order: dict[str, Any] = {
        "batch_size": settings.batch_size,
        "seed": settings.seed,
        "balanced": settings.class_balance == "sampling",
        "start_step": start_step,
    }
    if maps:
        return train_map_batches(maps.train, _labels(run.dataset)[train_rows(run.dataset)], **order)
    index, count = process_share()
    return train_iterator(
        run.dataset,
        size_px=round(config.model.image_size * LOAD_MARGIN),
        num_workers=settings.num_workers,
        process_index=index,
        process_count=count,
        **order,
    )


def validation_batches(run: RunFolder, config: Config, maps: FrozenMaps | None) -> Generator[Batch]:
    """Yields this process's share of the validation images, each image once."""
    rows = val_rows(run.dataset)
    batch_size = padded_batch_size(config.train.batch_size)
    if maps and maps.validation:
        return eval_map_batches(maps.validation, _labels(run.dataset)[rows], batch_size=batch_size)
    index, count = process_share()
    return eval_batches(
        run.dataset,
        rows,
        size_px=config.model.image_size,
        batch_size=batch_size,
        process_index=index,
        process_count=count,
    )


def _labels(dataset: DatasetFolder) -> np.ndarray:
    return class_labels(dataset.manifest, dataset.classes)
