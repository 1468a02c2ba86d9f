"""How often shuffled labels give as much information as the true ones."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from scipy.stats import false_discovery_control

from camtrap_jax.units.binning import Bins, Responses, bin_of, frequency_bins, used_images
from camtrap_jax.units.counting import contingency, count_cells
from camtrap_jax.units.host import is_on_host
from camtrap_jax.units.information import information_of_counts

CHUNK = 10  # labellings whose counts are held at once
ROUNDING_NATS = 1e-6  # equal tables may differ by so much in float32


def permutation_p_values(
    responses: Float[np.ndarray, "images units"],
    labels: Int[np.ndarray, " images"],
    *,
    num_classes: int,
    num_bins: int = 10,
    bins: Bins | None = None,
    groups: Int[np.ndarray, " images"] | None = None,
    permutations: int = 100,
    seed: int = 0,
) -> Float[np.ndarray, "units classes"]:
    """Share of labellings whose information reaches that of the true labels.

    `(1 + number of shuffled labellings at or above the true one) / (1 + permutations)`, for all
    units and species under the same shuffles. Images of a group keep one label between them, so
    that the near-identical frames of a burst do not pass for so many independent ones.

    Args:
      responses: one finite number per image and unit.
      labels: class indices; images labelled outside 0..num_classes - 1 are left out beforehand.
      num_classes: number of species.
      num_bins: as in `mutual_information`.
      bins: as in `mutual_information`.
      groups: number of the burst of each image; by default each image is one of its own. Images
        of a burst under different labels are as many groups.
      permutations: number of shuffles; with 0 every p-value is 1.
      seed: of the shuffles.

    Returns:
      p-values in (0, 1]; 1 for a constant unit and for a species without images.

    Source:
      Phipson and Smyth 2010, "Permutation p-values should never be zero".
    """
    responses, labels = np.asarray(responses), np.asarray(labels)
    used = np.asarray(used_images(labels, num_classes=num_classes))
    kept, chosen = labels[used], responses[used]
    if bins is None:
        bins = frequency_bins(chosen, np.ones(len(kept), bool), num_bins=num_bins)
    group_labels, group_of = _groups(kept, None if groups is None else groups[used])
    rng = np.random.default_rng(seed)
    informations = _informations(
        bin_of(chosen, bins), num_classes=num_classes, num_bins=bins.number
    )
    reached = np.zeros((responses.shape[1], num_classes), np.int64)
    lowest = informations(kept[None])[0] - ROUNDING_NATS
    for start in range(0, permutations, CHUNK):
        count = min(CHUNK, permutations - start)
        shuffled = np.stack([rng.permutation(group_labels)[group_of] for _ in range(count)])
        reached += (informations(shuffled) >= lowest).sum(axis=0)
    return (1 + reached) / (1 + permutations)


def false_discovery_rates(p_values: Float[np.ndarray, "units classes"]) -> np.ndarray:
    """Turns p-values into the false-discovery rate of calling them, and all lower ones, real.

    Over all units and species at once; nan stays nan.

    Source:
      Benjamini and Hochberg 1995, "Controlling the false discovery rate".
    """
    rates = np.full(p_values.shape, np.nan)
    known = ~np.isnan(p_values)
    if known.any():
        rates[known] = false_discovery_control(p_values[known], method="bh")
    return rates


def _groups(
    labels: Int[np.ndarray, " images"], groups: Int[np.ndarray, " images"] | None
) -> tuple[Int[np.ndarray, " groups"], Int[np.ndarray, " images"]]:
    """Returns the label of each group that is shuffled, and the group of each image."""
    if groups is None:
        return labels, np.arange(len(labels))
    pairs, group_of = np.unique(np.stack([groups, labels]), axis=1, return_inverse=True)
    return pairs[1], group_of.ravel()


def _informations(
    bins: Int[Responses, "images units"], *, num_classes: int, num_bins: int
) -> Callable[[np.ndarray], np.ndarray]:
    """Returns what finds the information under many labellings at once, [labellings, u, c]."""
    sizes = {"num_classes": num_classes, "num_bins": num_bins}
    if is_on_host(bins):
        return lambda many: np.stack(
            [information_of_counts(count_cells(bins, labels, **sizes)) for labels in many]
        )
    on_device = jnp.asarray(bins)

    @jax.jit
    def informations(labels: Int[Array, "labellings images"]) -> Float[Array, "l u c"]:
        # All labellings side by side are the columns of one product.
        columns = jnp.moveaxis(jax.nn.one_hot(labels, num_classes), 0, 1)
        counts = contingency(on_device, columns.reshape(len(columns), -1), num_bins=num_bins)
        tables = counts.reshape(*counts.shape[:2], len(labels), num_classes)
        return jnp.moveaxis(information_of_counts(tables), 1, 0)

    return lambda many: np.asarray(informations(many))
