"""Cuts each unit's responses into bins and counts them per species."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int


def used_images(
    labels: Int[Array | np.ndarray, " images"], *, num_classes: int
) -> Bool[Array | np.ndarray, " images"]:
    """Tells which images count: those whose label is a class; -1 marks images to leave out."""
    return (labels >= 0) & (labels < num_classes)


@partial(jax.jit, static_argnames=("num_bins",))
def response_bins(
    responses: Float[Array, "images units"], used: Bool[Array, " images"], *, num_bins: int
) -> Int[Array, "images units"]:
    """Cuts each unit's responses into equal-frequency bins over the used images.

    Where a unit has exact zeros among the used images, they take bin 0 and the other values share
    the remaining `num_bins - 1` bins; otherwise the values share all of them. An edge is the value
    at the next rank that is a multiple of (number of values) / (number of bins), and a value on an
    edge belongs to the bin above. So equal values always share a bin, whatever the order of the
    images; a bin whose edges coincide stays empty.

    Args:
      responses: finite numbers.
      used: images that the edges come from; the bins of the others mean nothing.
      num_bins: at least 2, the zeros' bin included.

    Returns:
      Numbers from 0 to `num_bins - 1`.
    """
    silent = responses == 0
    active = used[:, None] & ~silent
    has_silent = jnp.any(used[:, None] & silent, axis=0, keepdims=True).astype(jnp.int32)
    # The units' values lie along the last axis: XLA sorts it several times faster on CPU.
    ordered = jnp.sort(jnp.where(active, responses, jnp.inf).T, axis=-1)
    num_shared = num_bins - has_silent
    steps = jnp.arange(1, num_bins)[:, None]
    ranks = steps * active.sum(axis=0, keepdims=True) // num_shared
    edges = jnp.take_along_axis(ordered, jnp.minimum(ranks, responses.shape[0] - 1).T, axis=-1).T
    edges = jnp.where(steps < num_shared, edges, jnp.inf)
    num_passed = (responses[:, None, :] >= edges[None]).sum(axis=1)
    return jnp.where(silent, 0, num_passed + has_silent)


@partial(jax.jit, static_argnames=("num_classes", "num_bins"))
def contingency(
    bins: Int[Array, "images units"],
    labels: Int[Array, " images"],
    *,
    num_classes: int,
    num_bins: int,
) -> Float[Array, "bins units classes"]:
    """Counts the images of each class in each bin of each unit; labels of -1 count nowhere.

    The counts are whole numbers, exact up to 2**24 images a cell.
    """
    is_class = jax.nn.one_hot(labels, num_classes, dtype=jnp.float32)

    def counts_of(index: Int[Array, ""]) -> Float[Array, "units classes"]:
        # 0 and 1 are exact at every matmul precision, and sums are kept in float32.
        return (bins == index).astype(jnp.float32).T @ is_class

    return jax.lax.map(counts_of, jnp.arange(num_bins))
