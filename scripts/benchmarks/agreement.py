"""Both sides without augmentation: the same pictures, but for the scale at which one decodes."""
# pyright: reportMissingImports=false

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import our_input
from benchmarks.task import STD

_TOLERANCE = {"records": 0.5, "raw": 2.0}  # mean difference in levels of 0..255


def check(source: str, ours: Path, files: Path) -> dict[str, Any]:
    """Compares the images of the two sides, file by file.

    Args:
      source: "records" or "raw".
      ours: what our side reads.
      files: what the other side reads.

    Returns:
      The mean absolute difference, and what is allowed.

    Raises:
      ValueError: they differ by more.
    """
    from benchmarks import torch_input  # noqa: PLC0415 (only where torch is)

    theirs = [
        torch_input.plain(file).permute(1, 2, 0).numpy() for file in sorted(files.rglob("*.jpg"))
    ]
    with contextlib.closing(our_input.batches(ours, 0, shuffled=False)) as batches:
        batch = next(batches)
    images = np.asarray(our_input.make_change(1.0, 0.0)(0, batch["pixels"]))
    difference = float(np.mean([_least_difference(image, theirs) for image in images]))
    if difference > _TOLERANCE[source]:
        raise ValueError(
            f"{source}: the two pipelines differ by {difference:.2f} of 255, expected at most "
            f"{_TOLERANCE[source]}; they do not do the same work"
        )
    return {"mean_levels": difference, "tolerance_levels": _TOLERANCE[source]}


def _least_difference(image: np.ndarray, others: list[np.ndarray]) -> float:
    """Returns the mean difference in levels from the most similar of `others`, mirrored or not."""
    scale = 255 * STD
    return min(
        float((np.abs(one - other) * scale).mean())
        for other in others
        for one in (image, image[:, ::-1])
    )
