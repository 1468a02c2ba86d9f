"""How often shuffled labels give as much information as the true ones."""

from __future__ import annotations

from functools import partial

import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from camtrap_jax.units.binning import contingency, response_bins, used_images
from camtrap_jax.units.information import information_of_counts

CHUNK = 10  # labellings whose counts are held at once
ROUNDING_NATS = 1e-6  # equal tables may differ by so much in float32


def permutation_p_values(
    responses: Float[np.ndarray, "images units"],
    labels: Int[np.ndarray, " images"],
    *,
    num_classes: int,
    num_bins: int = 10,
    permutations: int = 100,
    seed: int = 0,
) -> Float[np.ndarray, "units classes"]:
    """Share of labellings whose information reaches that of the true labels.

    `(1 + number of shuffled labellings at or above the true one) / (1 + permutations)`, for all
    units and species under the same shuffles, which keep the number of images per species. The
    shuffles take images for independent: among the near-identical frames of bursts the p-values
    come out too low.

    Args:
      responses: one finite number per image and unit.
      labels: class indices; images labelled outside 0..num_classes - 1 are left out beforehand.
      num_classes: number of species.
      num_bins: as in `mutual_information`.
      permutations: number of shuffles; with 0 every p-value is 1.
      seed: of the shuffles.

    Returns:
      p-values in (0, 1]; 1 for a constant unit and for a species without images.

    Source:
      Phipson and Smyth 2010, "Permutation p-values should never be zero".
    """
    responses, labels = np.asarray(responses), np.asarray(labels)
    used = np.asarray(used_images(labels, num_classes=num_classes))
    kept = labels[used]
    bins = response_bins(responses[used], np.ones(len(kept), bool), num_bins=num_bins)
    rng = np.random.default_rng(seed)
    reached = np.zeros((bins.shape[1], num_classes), np.int64)
    for start in range(0, permutations, CHUNK):
        shuffled = np.stack([rng.permutation(kept) for _ in range(CHUNK)])
        flags = _reaches(bins, kept, shuffled, num_classes=num_classes, num_bins=num_bins)
        reached += np.asarray(flags[: permutations - start]).sum(axis=0)
    return (1 + reached) / (1 + permutations)


@partial(jax.jit, static_argnames=("num_classes", "num_bins"))
def _reaches(
    bins: Int[Array, "images units"],
    labels: Int[Array, " images"],
    shuffled: Int[Array, "labellings images"],
    *,
    num_classes: int,
    num_bins: int,
) -> Bool[Array, "labellings units classes"]:
    def information(labels: Int[Array, " images"]) -> Float[Array, "units classes"]:
        counts = contingency(bins, labels, num_classes=num_classes, num_bins=num_bins)
        return information_of_counts(counts)

    return jax.vmap(information)(shuffled) >= information(labels)[None] - ROUNDING_NATS
