"""Information estimated without bins, from the distances between responses."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jax.scipy.special import digamma
from jaxtyping import Array, Bool, Float, Int

from camtrap_jax.units.binning import used_images

UNITS_AT_ONCE = 16


@partial(jax.jit, static_argnames=("num_classes", "k"))
def neighbour_information(
    responses: Float[Array, "images units"],
    labels: Int[Array, " images"],
    *,
    num_classes: int,
    k: int = 3,
) -> Float[Array, "units classes"]:
    """Mutual information from the k-th nearest responses, a check on what bins do.

    `digamma(N) + mean(digamma(k_i) - digamma(N_i) - digamma(m_i))`: N_i images share the presence
    or absence of image i; k_i of them, and m_i of all N, lie nearer than its k-th neighbour among
    them, itself counted in both. Where the k-th neighbour has the very same response, as exact
    zeros do, all images of that response are counted.

    Args:
      responses: one finite number per image and unit.
      labels: class indices; images labelled outside 0..num_classes - 1 are left out.
      num_classes: number of species.
      k: neighbours; as many as there are where that is fewer.

    Returns:
      Nats, at least 0; 0 for a species that at most one image, or all but at most one, show.

    Source:
      Ross 2014, "Mutual information between discrete and continuous data sets"; equal responses as
      in Gao et al. 2017, "Estimating mutual information for discrete-continuous mixtures".
    """
    used = used_images(labels, num_classes=num_classes)

    def of_unit(values: Float[Array, " images"]) -> Float[Array, " classes"]:
        values = jnp.where(used, values, jnp.inf)  # sorted behind all others
        order = jnp.argsort(values)
        of_class = partial(_one_against_rest, values[order], used[order], labels[order], k)
        return jax.lax.map(of_class, jnp.arange(num_classes))

    return jax.lax.map(of_unit, responses.T, batch_size=UNITS_AT_ONCE)


def _one_against_rest(
    ordered: Float[Array, " images"],
    used: Bool[Array, " images"],
    labels: Int[Array, " images"],
    k: int,
    label: Int[Array, ""],
) -> Float[Array, ""]:
    shows = labels == label
    groups = jnp.stack([used & shows, used & ~shows])
    sizes = groups.sum(axis=1)
    # Presence first, then absence, then what is unused; each in order of the responses.
    ranks = jnp.cumsum(groups, axis=1) - 1
    place = jnp.where(groups[0], ranks[0], sizes[0] + ranks[1])
    place = jnp.where(used, place, len(ordered))
    gathered = jnp.full_like(ordered, jnp.inf).at[place].set(ordered, mode="drop")
    in_first = jnp.arange(len(ordered)) < sizes[0]
    counted = jnp.arange(len(ordered)) < sizes.sum()
    size = jnp.where(in_first, sizes[0], sizes[1])
    nearest = jnp.minimum(k, size - 1)
    radius = _neighbour_distance(gathered, jnp.where(in_first, 0, sizes[0]), size, nearest, k)
    low, high = _within(ordered, gathered, radius)
    before = jnp.pad(ranks + 1, ((0, 0), (1, 0)))  # images of each group below a position
    own = jnp.where(in_first, before[0, high] - before[0, low], before[1, high] - before[1, low])
    own = jnp.where(radius > 0, nearest, own)
    terms = digamma(own) - digamma(size) - digamma(high - low)
    mean = jnp.where(counted, terms, 0.0).sum() / sizes.sum()
    information = jnp.maximum(digamma(sizes.sum()) + mean, 0.0)
    return jnp.where((sizes > 1).all(), information, 0.0)


def _neighbour_distance(
    gathered: Float[Array, " images"],
    start: Int[Array, " images"],
    size: Int[Array, " images"],
    nearest: Int[Array, " images"],
    k: int,
) -> Float[Array, " images"]:
    """Distance to the `nearest`-th neighbour in a sorted segment: the least over its windows."""
    at = jnp.arange(len(gathered))
    best = jnp.full(len(gathered), jnp.inf)
    for below in range(k + 1):
        left, right = at - below, at + nearest - below
        inside = (below <= nearest) & (left >= start) & (right < start + size)
        widths = jnp.maximum(gathered - gathered[left], gathered[right] - gathered)
        best = jnp.where(inside, jnp.minimum(best, widths), best)
    return best


def _within(
    ordered: Float[Array, " images"], centres: Float[Array, " images"],
    radius: Float[Array, " images"],
) -> tuple[Int[Array, " images"], Int[Array, " images"]]:  # fmt: skip
    """Range of positions nearer to a centre than its radius; at a radius of 0, those equal to it.

    Differences are compared, never sums: a sum would round to the other side of a response.
    """

    def is_left(position: Array) -> Array:
        gap = centres - ordered[position]
        return jnp.where(radius > 0, gap >= radius, gap > 0)

    def is_inside_or_left(position: Array) -> Array:
        gap = ordered[position] - centres
        return jnp.where(radius > 0, gap < radius, gap <= 0)

    return _first_not(is_left, ordered), _first_not(is_inside_or_left, ordered)


def _first_not(holds, ordered: Float[Array, " images"]) -> Int[Array, " images"]:
    """First position at which what holds from the left on ends, by bisection."""
    size = len(ordered)

    def halve(_, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = (low + high) // 2
        is_open = low < high
        right = holds(jnp.minimum(middle, size - 1)) & is_open
        return jnp.where(right, middle + 1, low), jnp.where(right | ~is_open, high, middle)

    ends = jnp.zeros(size, jnp.int32), jnp.full(size, size, jnp.int32)
    return jax.lax.fori_loop(0, size.bit_length() + 1, halve, ends)[0]
