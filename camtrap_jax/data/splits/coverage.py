"""What the splits can have of every species at all: a bound by counting, and an exact search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_array, eye_array, hstack, kron

from camtrap_jax.data.splits.cost import TEST, TRAIN, VAL

# Nodes, not seconds: what is found must not depend on the machine's speed. Long-tailed counts of 60
# species at 150 cameras take 0.7 s. 130 species scattered over 5 of 70 cameras each stay undecided
# after 3 s; 1000 nodes decide them in 7 s, and others of that kind not even then.
_NODES = 100
_MOST = 10_000  # groups times species and four: many groups are dear, too


@dataclass(frozen=True)
class Coverage:
    """The fewest shortfalls that an exact search found.

    Attributes:
      splits: [groups] an assignment; None where none was found.
      fewest: as `shortfalls` has them, as far as it is certain that no assignment has fewer without
        having more of what comes before.
    """

    splits: Int[np.ndarray, " groups"] | None
    fewest: tuple[int, ...]


def shortfalls(
    counts: Int[np.ndarray, "groups species"], splits: Int[np.ndarray, " groups"]
) -> tuple[int, int, int, int]:
    """Counts what an assignment lacks, most important first.

    Returns:
      Species without training images, species with less than half of their images in train, species
      without test images, and 1 if val is empty.
    """
    train, test = counts[splits == TRAIN].sum(axis=0), counts[splits == TEST].sum(axis=0)
    halved = 2 * train < counts.sum(axis=0)
    return (
        int((train == 0).sum()),
        int(halved.sum()),
        int((test == 0).sum()),
        int(not (splits == VAL).any()),
    )


def fewest_by_counting(counts: Int[np.ndarray, "groups species"]) -> tuple[int, ...]:
    """Returns bounds on the shortfalls: a species of one group, if in train, is not in test."""
    return 0, 0, int(((counts > 0).sum(axis=0) == 1).sum()), 0


def reached(found: Sequence[int], fewest: Sequence[Sequence[int]]) -> tuple[bool, bool, bool, bool]:
    """Tells which shortfalls are as few as can be, with as few of all that comes before.

    Args:
      found: the shortfalls of an assignment.
      fewest: of each search, what holds of the first shortfalls.
    """
    first = max(_equal(found, bounds) for bounds in fewest)
    return first > 0, first > 1, first > 2, first > 3


def _equal(found: Sequence[int], bounds: Sequence[int]) -> int:
    """Counts the equal numbers before the first that differ."""
    pairs = zip(found, bounds, strict=False)
    return len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))


def search_exactly(counts: Int[np.ndarray, "groups species"]) -> Coverage:
    """Finds the fewest shortfalls, most important first, with a group in test.

    An integer program in a stage for each shortfall, limited in nodes.

    Args:
      counts: images of each species in each group; every species has images.
    """
    if len(counts) * (counts.shape[1] + 4) > _MOST:
        return Coverage(None, ())
    num_species, num_places = counts.shape[1], 2 * len(counts)
    kinds = np.repeat(range(4), [num_species] * 3 + [1])
    constraints, places, fewest = _constraints(counts), None, ()
    for stage in range(4):
        gain = np.append(np.zeros(num_places), kinds == stage)
        result = milp(
            -gain,
            # Of the served, only a half can be fractional where the places are not.
            integrality=np.append(np.ones(num_places), kinds == 1),
            bounds=Bounds(0, 1),
            constraints=constraints,
            options={"node_limit": _NODES, "mip_rel_gap": 0.0},
        )
        if result.x is None:
            break
        places = result.x[:num_places]
        if not result.success:  # the nodes are used up: good, and perhaps not the best
            break
        most = round(gain @ result.x)
        fewest = (*fewest, int(gain.sum()) - most)
        constraints = [*constraints, LinearConstraint(gain[None], most, np.inf)]
    return Coverage(None if places is None else _placed(places), fewest)


def _constraints(counts: Int[np.ndarray, "groups species"]) -> list[LinearConstraint]:
    """Constrains the variables [groups, 2] (in train, in test) and what is served.

    Served are [species] in train, [species] by half in train, [species] in test, and val.
    """
    num_groups, num_species = counts.shape
    total = counts.sum(axis=0)
    has = (counts > 0).T.astype(np.float64)
    # Half of the images less half an image: no tolerance of the solver turns one into the other.
    share = counts.T / (np.ceil(total / 2) - 0.5)[:, None]
    none = np.zeros_like(has)
    rows = np.concatenate(
        [
            np.stack([has, none], axis=2).reshape(num_species, -1),
            np.stack([share, none], axis=2).reshape(num_species, -1),
            np.stack([none, has], axis=2).reshape(num_species, -1),
            -np.ones((1, 2 * num_groups)),
        ]
    )
    # Any: SciPy's annotations know no arrays of limits.
    low: Any = np.append(np.zeros(3 * num_species), -num_groups)
    served = hstack([csr_array(rows), -eye_array(3 * num_species + 1)], format="csr")
    num_variables = sum(rows.shape)
    once = kron(eye_array(num_groups), csr_array(np.ones((1, 2))))
    padded = hstack([once, csr_array((num_groups, len(rows)))], format="csr")
    in_test = np.zeros((1, num_variables))
    in_test[0, 1 : 2 * num_groups : 2] = 1
    return [
        LinearConstraint(served, low, np.inf),
        LinearConstraint(padded, 0, 1),
        LinearConstraint(in_test, 1, np.inf),
    ]


def _placed(places: Float[np.ndarray, " places"]) -> Int[np.ndarray, " groups"]:
    """Turns the program's variables into the split of each group."""
    train, test = places.reshape(-1, 2).round().astype(bool).T
    return np.where(train, TRAIN, np.where(test, TEST, VAL))
