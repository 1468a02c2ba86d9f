"""How much one unit's response tells about the presence of one species."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from camtrap_jax.units.binning import contingency, response_bins, used_images


def mutual_information(
    responses: Float[Array, "images units"],
    labels: Int[Array, " images"],
    *,
    num_classes: int,
    num_bins: int = 10,
) -> Float[Array, "units classes"]:
    """Mutual information between each unit's binned response and each species' presence.

    `sum p(z, y) ln(p(z, y) / (p(z) p(y)))` over the bins z and y = "the image shows the species",
    one species against the rest; the plug-in estimate, all units and species at once. See
    `response_bins` for the bins and ties: equal-frequency over the whole sample, exact zeros in
    one of the `num_bins` bins of their own. Compiled, and usable inside `jax.jit`.

    Args:
      responses: one finite number per image and unit.
      labels: class indices; images labelled outside 0..num_classes - 1 (such as -1) are left out.
      num_classes: number of species.
      num_bins: number of bins, at least 2.

    Returns:
      Information in nats, from 0 to ln 2: 0 for a constant unit and for a species that no image
      or every image shows, the species' entropy for a unit that detects it perfectly.

    Raises:
      ValueError: `num_bins` is below 2.

    Source:
      Miao et al. 2019 rank units by this information; the estimator's details are ours.
    """
    return information_of_counts(
        _counts(responses, labels, num_classes=num_classes, num_bins=num_bins)
    )


def corrected_information(
    responses: Float[Array, "images units"],
    labels: Int[Array, " images"],
    *,
    num_classes: int,
    num_bins: int = 10,
) -> Float[Array, "units classes"]:
    """Mutual information less the bias that a finite sample gives the plug-in estimate.

    Each entropy of H(Z) + H(Y) - H(Z, Y) is raised by (occupied cells - 1) / (2 images), and the
    result is clipped at 0. Arguments and degenerate cases as in `mutual_information`.

    Source:
      Miller 1955, "Note on the bias of information estimates".
    """
    return _corrected(_counts(responses, labels, num_classes=num_classes, num_bins=num_bins))


@jax.jit
def _corrected(counts: Float[Array, "bins units classes"]) -> Float[Array, "units classes"]:
    rest = counts.sum(axis=2, keepdims=True) - counts
    cells_joint = (counts > 0).sum(axis=0) + (rest > 0).sum(axis=0)
    cells_response = (counts.sum(axis=2) > 0).sum(axis=0)[:, None]
    cells_presence = jnp.any(counts > 0, axis=0).astype(jnp.int32) + jnp.any(rest > 0, axis=0)
    num_images = jnp.maximum(counts.sum(axis=(0, 2)), 1.0)[:, None]
    bias = (cells_response + cells_presence - cells_joint - 1) / (2 * num_images)
    return jnp.maximum(information_of_counts(counts) + bias, 0.0)


@partial(jax.jit, static_argnames=("num_classes",))
def information_sign(
    responses: Float[Array, "images units"], labels: Int[Array, " images"], *, num_classes: int
) -> Int[Array, "units classes"]:
    """Tells whether a unit responds more (+1) or less (-1) to a species than to the rest.

    The mean response over the species' images is compared with the mean over all others; -1 also
    where they are equal or one of the two has no image: the unit does not respond *more*.
    """
    used = used_images(labels, num_classes=num_classes)
    is_class = jax.nn.one_hot(labels, num_classes, dtype=jnp.float32)
    is_rest = used[:, None].astype(jnp.float32) - is_class
    # Measured from the lowest response, a constant unit's means are exactly 0 and so equal.
    lowest = jnp.min(responses, axis=0, keepdims=True, where=used[:, None], initial=jnp.inf)
    raised = jnp.where(used[:, None], responses - lowest, 0.0)
    dot = partial(jnp.matmul, precision=jax.lax.Precision.HIGHEST)
    mean_class = dot(raised.T, is_class) / is_class.sum(axis=0, keepdims=True)
    mean_rest = dot(raised.T, is_rest) / is_rest.sum(axis=0, keepdims=True)
    return jnp.where(mean_class > mean_rest, 1, -1)


@jax.jit
def information_of_counts(
    counts: Float[Array, "bins units classes"],
) -> Float[Array, "units classes"]:
    """Mutual information in nats, one species against the rest, of a table of counts."""
    in_bin = counts.sum(axis=2, keepdims=True)
    in_class = counts.sum(axis=0, keepdims=True)
    total = in_class.sum(axis=2, keepdims=True)
    shares = _terms(counts, in_bin, in_class, total)
    shares += _terms(in_bin - counts, in_bin, total - in_class, total)
    return jnp.maximum(shares.sum(axis=0), 0.0)  # rounding may fall just below


def _terms(joint: Array, in_bin: Array, in_class: Array, total: Array) -> Array:
    """The summands p(z, y) ln(p(z, y) / (p(z) p(y))); 0 for an empty cell."""
    occupied = joint > 0
    ratio = jnp.where(occupied, joint * total, 1.0) / jnp.where(occupied, in_bin * in_class, 1.0)
    return joint / jnp.maximum(total, 1.0) * jnp.log(ratio)


def _counts(responses: Array, labels: Array, *, num_classes: int, num_bins: int) -> Array:
    if num_bins < 2:
        raise ValueError(f"num_bins: expected at least 2, got {num_bins}")
    labels = jnp.asarray(labels)
    used = used_images(labels, num_classes=num_classes)
    bins = response_bins(responses, used, num_bins=num_bins)
    return contingency(bins, labels, num_classes=num_classes, num_bins=num_bins)
