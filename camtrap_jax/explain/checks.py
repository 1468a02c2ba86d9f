"""What an explainer refuses, each in one line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.core import Tracer

from camtrap_jax.explain.methods import METHODS
from camtrap_jax.explain.targets import RUNNER_UP

_SMALLEST_PX = 32  # of which five halvings leave something


def check_outputs(outputs: Sequence[str]) -> None:
    """Refuses names of maps that there are not.

    Raises:
      ValueError: names them.
    """
    unknown = [name for name in outputs if name not in METHODS]
    if unknown:
        raise ValueError(
            f"outputs: expected some of {', '.join(METHODS)}, got {', '.join(unknown)}"
        )


def check_layer(layers: Sequence[str], layer: str) -> None:
    """Refuses a layer that the network does not have.

    Raises:
      ValueError: lists those that it has.
    """
    if layer not in layers:
        raise ValueError(f"layer: expected one of {', '.join(layers)}, got {layer!r}")


def check_images(images: Any) -> None:
    """Refuses what is no batch of finite images; inside a transformation only its shape is seen.

    Raises:
      ValueError: says what was expected, and which images are not finite.
    """
    if not isinstance(images, np.ndarray | jax.Array):
        raise ValueError(f"images: expected an array, got a {type(images).__name__}")
    shape = images.shape
    if len(shape) != 4 or shape[-1] != 3 or min(shape[1:3]) < _SMALLEST_PX:
        raise ValueError(
            "images: expected [batch, height, width, 3] with sides of at least "
            f"{_SMALLEST_PX} px, got {list(shape)}"
        )
    if not jnp.issubdtype(images.dtype, jnp.floating):
        raise ValueError(
            f"images: expected normalised floats, got {images.dtype}; "
            "`camtrap_jax.data.batches.augment.normalise` makes them of pixels"
        )
    if isinstance(images, Tracer):
        return
    is_finite = np.asarray(jnp.isfinite(images).all((1, 2, 3)))
    if not is_finite.all():
        rows = ", ".join(str(row) for row in np.flatnonzero(~is_finite)[:10])
        raise ValueError(f"images: expected finite numbers, got nan or infinity in row {rows}")


def check_classes(name: str, classes: Any, num_images: int, num_classes: int) -> None:
    """Refuses targets out of range or of another number than there are images.

    Raises:
      ValueError: says what was expected, and the first that is wrong.
    """
    if classes is None:
        return
    shape = np.shape(classes)
    if len(shape) not in (1, 2) or shape[0] != num_images:
        raise ValueError(
            f"{name}: expected [{num_images}] or [{num_images}, several], one for each image, "
            f"got {list(shape)}"
        )
    if isinstance(classes, Tracer):
        return
    given = np.asarray(classes)
    wrong = given[(given < RUNNER_UP) | (given >= num_classes)]
    if not np.issubdtype(given.dtype, np.integer) or len(wrong):
        found = wrong[0] if len(wrong) else given.dtype
        raise ValueError(
            f"{name}: expected classes from 0 to {num_classes - 1}, or -1 (predicted) or -2 "
            f"(runner-up), got {found}"
        )


def check_pairs(targets: Any, against: Any, num_images: int) -> None:
    """Refuses targets and what they are held against where their shapes differ.

    Raises:
      ValueError: says both.
    """
    wanted = (num_images,) if targets is None else np.shape(targets)
    if against is not None and np.shape(against) != wanted:
        raise ValueError(
            f"against: expected one for each target, {list(wanted)}, got {list(np.shape(against))}"
        )
