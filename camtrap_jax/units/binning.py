"""Cuts each unit's responses into bins: of equal frequency, of equal width, or at given edges."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from camtrap_jax.units.host import MOST_BINS, bins_of, by_slabs, frequency_edges, is_on_host

Responses = Array | np.ndarray


class Bins(NamedTuple):
    """Where each unit's responses are cut; a pytree.

    Attributes:
      edges: rising, infinite where a unit has fewer; a value on an edge belongs to the bin above.
      has_silent: whether exact zeros are bin 0 and all other values count from 1.
    """

    edges: Float[Array, "units edges"]
    has_silent: Bool[Array, " units"]

    @property
    def number(self) -> int:
        """How many bins there are, the zeros' included."""
        return self.edges.shape[1] + 1


def used_images(
    labels: Int[Array | np.ndarray, " images"], *, num_classes: int
) -> Bool[Array | np.ndarray, " images"]:
    """Tells which images count: those whose label is a class; -1 marks images to leave out."""
    return (labels >= 0) & (labels < num_classes)


def frequency_bins(
    responses: Float[Responses, "images units"], used: Bool[Responses, " images"], *, num_bins: int
) -> Bins:
    """Finds edges between which each unit has equally many of the used images.

    Where a unit has exact zeros among the used images, they take bin 0 and the other values share
    the remaining `num_bins - 1` bins; otherwise the values share all of them. An edge is the value
    at the next rank that is a multiple of (number of values) / (number of bins). So equal values
    always share a bin, whatever the order of the images; a bin whose edges coincide stays empty.

    Args:
      responses: finite numbers.
      used: images that the edges come from.
      num_bins: at least 2, the zeros' bin included.
    """
    if is_on_host(responses, used) and num_bins <= MOST_BINS:
        values, chosen = np.asarray(responses, np.float32), np.asarray(used)
        columns = values.T if chosen.all() else values[chosen].T

        def edges_of(units: slice) -> np.ndarray:
            return frequency_edges(np.ascontiguousarray(columns[units]), num_bins)

        edges = by_slabs(edges_of, len(columns))
        return Bins(jnp.asarray(edges), jnp.asarray((columns == 0).any(axis=1)))
    return _frequency_bins(jnp.asarray(responses), jnp.asarray(used), num_bins)


@partial(jax.jit, static_argnums=2)
def _frequency_bins(
    responses: Float[Array, "images units"], used: Bool[Array, " images"], num_bins: int
) -> Bins:
    silent = responses == 0
    active = used[:, None] & ~silent
    has_silent = jnp.any(used[:, None] & silent, axis=0)
    # The units' values lie along the last axis: XLA sorts it several times faster on CPU.
    ordered = jnp.sort(jnp.where(active, responses, jnp.inf).T, axis=-1)
    num_shared = num_bins - has_silent[:, None].astype(jnp.int32)
    steps = jnp.arange(1, num_bins)[None]
    ranks = steps * active.sum(axis=0)[:, None] // num_shared
    edges = jnp.take_along_axis(ordered, jnp.minimum(ranks, responses.shape[0] - 1), axis=-1)
    return Bins(jnp.where(steps < num_shared, edges, jnp.inf), has_silent)


@partial(jax.jit, static_argnames=("num_bins",))
def width_bins(
    responses: Float[Responses, "images units"], used: Bool[Responses, " images"], *, num_bins: int
) -> Bins:
    """Cuts the range of each unit's used responses, zeros included, into equal parts.

    Arguments as in `frequency_bins`. A constant unit has everything in one bin.
    """
    low = jnp.min(responses, axis=0, where=used[:, None], initial=jnp.inf)[:, None]
    high = jnp.max(responses, axis=0, where=used[:, None], initial=-jnp.inf)[:, None]
    shares = (jnp.arange(1, num_bins) / num_bins)[None]
    edges = jnp.where(high > low, low + (high - low) * shares, jnp.inf)
    return Bins(edges, jnp.zeros(len(edges), bool))


def given_bins(edges: Sequence[float], *, num_units: int) -> Bins:
    """Cuts all units' responses at the same edges.

    Raises:
      ValueError: there is no edge, or they do not rise.
    """
    values = np.asarray(edges, np.float32)
    if values.ndim != 1 or not values.size or not (np.diff(values) > 0).all():
        raise ValueError(f"edges: expected rising numbers, at least one, got {edges}")
    return Bins(jnp.tile(values, (num_units, 1)), jnp.zeros(num_units, bool))


def bin_of(
    responses: Float[Responses, "images units"], bins: Bins
) -> Int[Responses, "images units"]:
    """Returns the bin of each response, from 0 to `bins.number - 1`."""
    if is_on_host(responses, bins.edges) and bins.number <= MOST_BINS:
        values, edges, has_silent = (np.asarray(one) for one in (responses, *bins))

        def bins_of_slab(units: slice) -> np.ndarray:
            columns = np.ascontiguousarray(values[:, units].T)
            return bins_of(columns, edges[units], has_silent[units])

        return by_slabs(bins_of_slab, values.shape[1]).T
    return _bin_of(jnp.asarray(responses), bins)


@jax.jit
def _bin_of(responses: Float[Array, "images units"], bins: Bins) -> Int[Array, "images units"]:
    passed = (responses[:, None, :] >= bins.edges.T[None]).sum(axis=1)
    silent = bins.has_silent[None] & (responses == 0)
    return jnp.where(silent, 0, passed + bins.has_silent[None].astype(jnp.int32))
