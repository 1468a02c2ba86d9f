"""Counts images per bin, unit and class: at once, for many labellings, or as a stream."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Self

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from camtrap_jax.units import host
from camtrap_jax.units.binning import Bins, bin_of, used_images
from camtrap_jax.units.host import MOST_BINS, by_slabs, is_on_host

CHUNK = 1 << 16  # images counted at once, in float32, which is exact up to 2**24


def count_cells(
    bins: Int[Array | np.ndarray, "images units"],
    labels: Int[Array | np.ndarray, " images"],
    *,
    num_classes: int,
    num_bins: int,
) -> Float[Array | np.ndarray, "bins units classes"]:
    """Counts the images of each class in each bin of each unit.

    Images labelled outside 0..num_classes - 1 count nowhere. Whole numbers: in float64 on a CPU,
    else in float32, which is exact up to 2**24.
    """
    if is_on_host(bins, labels) and num_bins <= MOST_BINS:
        codes, of_image = np.asarray(bins), np.asarray(labels)
        used = np.asarray(used_images(of_image, num_classes=num_classes))
        if not used.all():
            codes, of_image = codes[used], of_image[used]
        sizes = {"num_classes": num_classes, "num_bins": num_bins}
        counts = by_slabs(
            lambda units: host.count_cells(codes[:, units].T, of_image, **sizes), codes.shape[1]
        )
        return np.moveaxis(counts, 1, 0).astype(np.float64)
    columns = jax.nn.one_hot(jnp.asarray(labels), num_classes)
    return contingency(jnp.asarray(bins), columns, num_bins=num_bins)


@partial(jax.jit, static_argnames=("num_bins",))
def contingency(
    bins: Int[Array, "images units"], weights: Float[Array, "images columns"], *, num_bins: int
) -> Float[Array, "bins units columns"]:
    """Sums the weights of the images in each bin of each unit, one column after another.

    With the classes in one-hot form these are the numbers of images of each class, with those of
    several labellings side by side the numbers of each. Whole weights give whole numbers, exact up
    to 2**24.
    """

    def counts_of(index: Int[Array, ""]) -> Float[Array, "units columns"]:
        # 0 and 1 are exact at every matmul precision, and sums are kept in float32.
        return (bins == index).astype(jnp.float32).T @ weights

    return jax.lax.map(counts_of, jnp.arange(num_bins))


@dataclass(frozen=True)
class Counts:
    """What any number of images says about units and classes, in a size that does not grow.

    Counts of different images, seen by one process after another or by several hosts, are added.

    Attributes:
      cells: int64, images of each class in each bin of each unit.
      sums: float64, of each unit's responses to the images of each class.
    """

    cells: Int[np.ndarray, "bins units classes"]
    sums: Float[np.ndarray, "units classes"]

    def __add__(self, other: Self) -> Counts:
        """Joins the counts of other images under the same bins.

        Raises:
          ValueError: they have other numbers of bins, units or classes.
        """
        if self.cells.shape != other.cells.shape:
            raise ValueError(
                f"counts: expected bins, units and classes {self.cells.shape} in both, got "
                f"{other.cells.shape}"
            )
        return Counts(self.cells + other.cells, self.sums + other.sums)

    @property
    def images(self) -> Int[np.ndarray, " classes"]:
        """Number of images of each class."""
        return self.cells[:, 0].sum(axis=0)


def count_responses(
    responses: Float[np.ndarray, "images units"],
    labels: Int[np.ndarray, " images"],
    bins: Bins,
    *,
    num_classes: int,
) -> Counts:
    """Counts images under bins that were fixed before, such as those of the first million.

    Args:
      responses: one finite number per image and unit, at least one unit.
      labels: class indices; images labelled outside 0..num_classes - 1 count nowhere.
      bins: the same for all counts that are to be added.
      num_classes: number of classes.
    """
    num_units = responses.shape[1]
    cells = np.zeros((bins.number, num_units, num_classes), np.int64)
    sums = np.zeros((num_units, num_classes))
    for start in range(0, len(responses), CHUNK):
        part, codes = responses[start : start + CHUNK], labels[start : start + CHUNK]
        found = count_cells(
            bin_of(part, bins), codes, num_classes=num_classes, num_bins=bins.number
        )
        cells += np.asarray(found).astype(np.int64)
        used = np.asarray(used_images(codes, num_classes=num_classes))
        for label in np.unique(codes[used]):
            sums[:, label] += part[codes == label].sum(axis=0, dtype=np.float64)
    return Counts(cells, sums)
