"""Our side: batches of uint8 frames from Grain, augmented and normalised on the device."""

from __future__ import annotations

import contextlib
import functools
import itertools
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from absl import flags
from PIL import Image

from benchmarks.contest import Work
from benchmarks.task import BATCH, JITTER, MIN_AREA, SIZE
from camtrap_jax.compilation import compiler_options
from camtrap_jax.data.batches.augment import augment
from camtrap_jax.data.batches.file_batches import file_batches
from camtrap_jax.data.batches.loading import Batch
from camtrap_jax.data.batches.pipeline import train_iterator
from camtrap_jax.data.sources.storage import FolderStorage
from camtrap_jax.mesh import make_mesh, put_batch
from camtrap_jax.run_folder import DatasetFolder

_FRAME = 256  # as `camtrap train` asks for frames, for an input of 224
_ENDLESS = 100_000  # files


def host_work(folder: Path, num_workers: int) -> Work:
    """Counts the images of uint8 batches that are ready on the host."""
    with contextlib.closing(batches(folder, num_workers)) as ready:
        for batch in ready:
            yield len(batch["pixels"])


def complete_work(folder: Path, num_workers: int) -> Work:
    """Counts the images of float32 batches that are ready on the device."""
    mesh, change = make_mesh(), make_change(MIN_AREA, JITTER)
    pending = None
    with contextlib.closing(batches(folder, num_workers)) as ready:
        for step, batch in enumerate(ready):
            images = change(step, put_batch({"pixels": batch["pixels"]}, mesh)["pixels"])
            if pending is not None:  # one late, so that the next batch is read meanwhile
                pending.block_until_ready()
                yield len(pending)
            pending = images


@functools.cache
def make_change(min_area: float, jitter: float) -> Callable[[int, Any], jax.Array]:
    """Compiles what happens on the device: (step, pixels) -> images."""

    @partial(jax.jit, compiler_options=compiler_options())
    def change(step: int, pixels: jax.Array) -> jax.Array:
        keys = jax.random.split(jax.random.fold_in(jax.random.key(0), step), len(pixels))
        return augment(keys, pixels, size_px=SIZE, min_area=min_area, jitter=jitter)

    return change


def batches(folder: Path, num_workers: int, *, shuffled: bool = True) -> Generator[Batch]:
    """Yields batches without end, from a prepared dataset or from a folder of JPEG files."""
    flags.FLAGS.mark_as_parsed()  # Grain's workers read absl's flags
    if (folder / "records").exists():
        yield from train_iterator(
            DatasetFolder(folder), size_px=_FRAME, batch_size=BATCH, seed=0, num_workers=num_workers
        )
        return
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.jpg"))
    with Image.open(folder / names[0]) as image:
        image.draft(None, (SIZE, SIZE))
        shape = (image.height, image.width)
    if shuffled:
        names = np.random.default_rng(0).permutation(names).tolist()
    endless = list(itertools.islice(itertools.cycle(names), _ENDLESS))
    pairs = file_batches(
        FolderStorage(folder.resolve()).read,
        endless,
        shape=shape,
        crop_bottom=0.0,
        batch_size=BATCH,
        num_workers=num_workers,
    )
    with contextlib.closing(pairs):
        for batch, failures in pairs:
            if failures:
                raise RuntimeError(f"{folder}: {failures}")
            yield batch
