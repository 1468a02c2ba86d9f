"""A classification by ranks (genus, family, order, ...) as a tree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import squareform


def rank_distances(
    ranks: Sequence[Sequence[str]], names: Sequence[str]
) -> Float[np.ndarray, " pairs"]:
    """Distances at which species meet: the place, from 1, of the finest rank that they share.

    Species that share no rank are one further apart than the coarsest. A species without a group
    at a rank stands alone there.

    Args:
      ranks: from fine to coarse, one name a species; empty where there is none.
      names: of the ranks, for the error.

    Returns:
      Distances in SciPy's condensed form.

    Raises:
      ValueError: a group of one rank lies in several of the next.
    """
    num_species = len(ranks[0]) if ranks else 0
    groups = [("", str(species)) for species in range(num_species)]
    square = np.full((num_species, num_species), len(ranks) + 1.0)
    coarser = []
    for rank, values in zip(names, ranks, strict=True):
        _check_nested(groups, values, rank)
        groups = [(rank, value) if value else finer
                  for value, finer in zip(values, groups, strict=True)]  # fmt: skip
        coarser.append(groups)
    for place in range(len(coarser), 0, -1):
        codes = np.unique([f"{rank}\t{group}" for rank, group in coarser[place - 1]],
                          return_inverse=True)[1]  # fmt: skip
        square[codes[:, None] == codes] = place
    np.fill_diagonal(square, 0)
    return squareform(square)


def _check_nested(groups: Sequence[tuple[str, str]], values: Sequence[str], rank: str) -> None:
    """Checks that every group lies in one group of the next rank."""
    home: dict[tuple[str, str], str] = {}
    for group, value in zip(groups, values, strict=True):
        first = home.setdefault(group, value)
        if first != value:
            raise ValueError(
                f"{group[0]} {group[1]!r} is in {rank} {first or 'none'!r} and in {rank} "
                f"{value or 'none'!r}; expected ranks from fine to coarse, each group in one "
                "group of the next"
            )
