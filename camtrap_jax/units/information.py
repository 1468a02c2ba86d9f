"""How much one unit's response tells about the presence of one species."""

from __future__ import annotations

from functools import partial
from typing import TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from camtrap_jax.units import host
from camtrap_jax.units.binning import Bins, Responses, bin_of, frequency_bins, used_images
from camtrap_jax.units.counting import Counts, count_cells
from camtrap_jax.units.host import is_on_host

Table = TypeVar("Table", bound=Array | np.ndarray)


def mutual_information(
    responses: Float[Responses, "images units"],
    labels: Int[Responses, " images"],
    *,
    num_classes: int,
    num_bins: int = 10,
    bins: Bins | None = None,
) -> Float[Array, "units classes"]:
    """Mutual information between each unit's binned response and each species' presence.

    `sum p(z, y) ln(p(z, y) / (p(z) p(y)))` over the bins z and y = "the image shows the species",
    one species against the rest; the plug-in estimate, all units and species at once. See
    `frequency_bins` for the usual bins and ties: equal-frequency over the whole sample, exact zeros
    in one of the `num_bins` bins of their own. Compiled, and usable inside `jax.jit`.

    Args:
      responses: one finite number per image and unit.
      labels: class indices; images labelled outside 0..num_classes - 1 (such as -1) are left out.
      num_classes: number of species.
      num_bins: number of bins, at least 2.
      bins: other ones, of `width_bins` or `given_bins`, or of another sample.

    Returns:
      Information in nats, from 0 to ln 2: 0 for a constant unit and for a species that no image
      or every image shows, the species' entropy for a unit that detects it perfectly.

    Raises:
      ValueError: `num_bins` is below 2.

    Source:
      Miao et al. 2019 rank units by this information; the estimator's details are ours.
    """
    counts = class_counts(responses, labels, num_classes=num_classes, num_bins=num_bins, bins=bins)
    return jnp.asarray(information_of_counts(counts), jnp.float32)


def corrected_information(
    responses: Float[Responses, "images units"],
    labels: Int[Responses, " images"],
    *,
    num_classes: int,
    num_bins: int = 10,
    bins: Bins | None = None,
) -> Float[Array, "units classes"]:
    """Mutual information less the bias that a finite sample gives the plug-in estimate.

    Each entropy of H(Z) + H(Y) - H(Z, Y) is raised by (occupied cells - 1) / (2 images), and the
    result is clipped at 0. Arguments and degenerate cases as in `mutual_information`.

    Source:
      Miller 1955, "Note on the bias of information estimates".
    """
    counts = class_counts(responses, labels, num_classes=num_classes, num_bins=num_bins, bins=bins)
    return jnp.asarray(corrected_of_counts(counts), jnp.float32)


def information_of_counts(counts: Table) -> Table:
    """Mutual information in nats, one species against the rest, of tables of counts.

    Args:
      counts: [bins, ..., classes] in floating point, of JAX or, for more than 2**24 images, of
        NumPy in float64 (`Counts.cells`).

    Returns:
      [..., classes], at least 0.
    """
    xp = counts.__array_namespace__()
    in_bin = xp.sum(counts, axis=-1, keepdims=True)
    in_class = xp.sum(counts, axis=0, keepdims=True)
    total = xp.sum(in_class, axis=-1, keepdims=True)
    shares = _terms(counts, in_bin, in_class, total)
    shares = shares + _terms(in_bin - counts, in_bin, total - in_class, total)
    return xp.maximum(xp.sum(shares, axis=0), xp.zeros_like(shares[0]))  # rounding: just below


def corrected_of_counts(counts: Table) -> Table:
    """The same less the estimate's bias; see `corrected_information`."""
    corrected = information_of_counts(counts) - bias_of_counts(counts)
    xp = counts.__array_namespace__()
    return xp.maximum(corrected, xp.zeros_like(corrected))


def bias_of_counts(counts: Table) -> Table:
    """Miller's estimate of how far `information_of_counts` lies too high, [..., classes]."""
    xp = counts.__array_namespace__()
    rest = xp.sum(counts, axis=-1, keepdims=True) - counts
    cells_joint = xp.sum(counts > 0, axis=0) + xp.sum(rest > 0, axis=0)
    cells_response = xp.sum(xp.sum(counts, axis=-1) > 0, axis=0)[..., None]
    cells_presence = xp.any(counts > 0, axis=0).astype(int) + xp.any(rest > 0, axis=0)
    num_images = xp.sum(counts, axis=(0, -1))[..., None]
    excess = cells_joint - cells_response - cells_presence + 1
    return excess / (2 * xp.maximum(num_images, xp.ones_like(num_images)))


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


def sign_of_counts(counts: Counts) -> Int[np.ndarray, "units classes"]:
    """The same of a stream. Sums of equal responses are exact, so a constant unit has -1."""
    images = counts.images.astype(np.float64)
    rest = counts.sums.sum(axis=1, keepdims=True) - counts.sums
    with np.errstate(divide="ignore", invalid="ignore"):
        means, means_rest = counts.sums / images, rest / (images.sum() - images)
    return np.where(means > means_rest, 1, -1)


def class_counts(
    responses: Float[Responses, "images units"],
    labels: Int[Responses, " images"],
    *,
    num_classes: int,
    num_bins: int = 10,
    bins: Bins | None = None,
) -> Float[Responses, "bins units classes"]:
    """Counts the images of each class in each bin; arguments as in `mutual_information`.

    Raises:
      ValueError: `num_bins` is below 2.
    """
    if num_bins < 2:
        raise ValueError(f"num_bins: expected at least 2, got {num_bins}")
    if bins is None:
        used = used_images(labels, num_classes=num_classes)
        if is_on_host(responses, labels) and num_bins <= host.MOST_BINS and np.all(used):
            return host.count_responses(
                np.asarray(responses, np.float32),
                np.asarray(labels),
                num_classes=num_classes,
                num_bins=num_bins,
            )
        bins = frequency_bins(responses, used, num_bins=num_bins)
    codes = bin_of(responses, bins)
    return count_cells(codes, labels, num_classes=num_classes, num_bins=bins.number)


def _terms(joint: Responses, in_bin: Responses, in_class: Responses, total: Responses) -> Responses:
    """The summands p(z, y) ln(p(z, y) / (p(z) p(y))); 0 for an empty cell."""
    xp = joint.__array_namespace__()
    one = xp.ones_like(joint)
    ratio = xp.where(joint > 0, joint * total, one) / xp.where(joint > 0, in_bin * in_class, one)
    return joint / xp.maximum(total, xp.ones_like(total)) * xp.log(ratio)
