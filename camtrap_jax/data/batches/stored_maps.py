"""Batches of maps that were computed before, instead of images."""

from __future__ import annotations

from collections.abc import Generator, Sequence

import grain
import numpy as np
import tensorstore as ts
from jaxtyping import Int

from camtrap_jax.data.batches.loading import Batch, iterate
from camtrap_jax.data.batches.order import training_order

_ENDLESS = 2**40  # steps


def train_map_batches(
    views: Sequence[ts.TensorStore],
    labels: Int[np.ndarray, " images"],
    *,
    batch_size: int,
    seed: int,
    balanced: bool = False,
    start_step: int = 0,
) -> Generator[Batch]:
    """Yields batches of the training images' maps without end, in the order of the images.

    In each epoch an image comes in another of its views, until it has come in all.

    Args:
      views: maps [images, h, w, units] of all training images, in one or several views, on disk.
      labels: of the images.
      batch_size: images a step.
      seed: of the order; the same as for images.
      balanced: whether all species are equally frequent.
      start_step: where to begin.

    Returns:
      Batches `pixels` [batch, h, w, units], the maps, and `label` int32 [batch].
    """
    order = training_order(labels, balanced=balanced)

    def load_step(step: int) -> Batch:
        start = int(step) * batch_size
        images = order(seed=seed, start=start, count=batch_size)
        epochs = np.arange(start, start + batch_size) // len(labels)
        return {
            "pixels": _read(views, (epochs + images) % len(views), images),
            "label": labels[images].astype(np.int32),
        }

    return iterate(grain.MapDataset.range(_ENDLESS).map(load_step)[start_step:], num_workers=0)


def eval_map_batches(
    maps: ts.TensorStore, labels: Int[np.ndarray, " images"], *, batch_size: int
) -> Generator[Batch]:
    """Yields the maps of images once each, in order, in batches of one shape.

    Returns:
      Batches `pixels` [batch, h, w, units], the maps, `label` int32 and `mask` float32, 1 for
      images and 0 for the padding of the last batch, which repeats the first image.
    """
    rows = np.arange(len(labels))
    padded = np.concatenate([rows, np.full(-len(rows) % batch_size, -1)])

    def load(part: Int[np.ndarray, " batch"]) -> Batch:
        images = np.maximum(part, 0)
        return {
            "pixels": _read([maps], np.zeros_like(images), images),
            "label": np.where(part >= 0, labels[images], -1).astype(np.int32),
            "mask": (part >= 0).astype(np.float32),
        }

    parts = list(padded.reshape(-1, batch_size))
    return iterate(grain.MapDataset.source(parts).map(load), num_workers=0)


def _read(
    views: Sequence[ts.TensorStore],
    view_of: Int[np.ndarray, " batch"],
    rows: Int[np.ndarray, " batch"],
) -> np.ndarray:
    reads = {view: views[view][rows[view_of == view]].read() for view in np.unique(view_of)}
    parts = {view: read.result() for view, read in reads.items()}
    whole = np.empty((len(rows), *next(iter(parts.values())).shape[1:]), np.float16)
    for view, part in parts.items():
        whole[view_of == view] = part
    return whole
