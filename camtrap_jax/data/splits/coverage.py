"""How many species can be in every split at all: bounds by counting, and an exact search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Int
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array, csr_array, eye_array, hstack

from camtrap_jax.data.splits.cost import TEST, TRAIN, VAL
from camtrap_jax.data.splits.split import SPLITS

IN_ORDER = (TRAIN, TEST, VAL)  # what matters most first
_COPIES = len(SPLITS)  # more groups of the same species serve no more splits
_MOST_PATTERNS = 3000  # sets of species that occur together
# Nodes, not seconds: what is found must not depend on the machine's speed.
_NODES = 1000


@dataclass(frozen=True)
class Coverage:
    """Which species the splits can have.

    Attributes:
      splits: [groups] an assignment that reaches it; None where none was found.
      proven: of train, test and val, in this order: whether no assignment leaves out fewer species
        without leaving out more in what comes before.
    """

    splits: Int[np.ndarray, " groups"] | None
    proven: tuple[bool, bool, bool]


def left_out(
    has: Bool[np.ndarray, "groups species"], splits: Int[np.ndarray, " groups"]
) -> tuple[int, ...]:
    """Counts the species without images in train, test and val, in this order."""
    return tuple(int((~has[splits == split].any(axis=0)).sum()) for split in IN_ORDER)


def proven_by_counting(
    has: Bool[np.ndarray, "groups species"], splits: Int[np.ndarray, " groups"]
) -> tuple[bool, bool, bool]:
    """Tells what of an assignment is the best because a species is in no more splits than groups.

    Returns:
      Of train, test and val, in this order: whether only species of one group are left out of test,
      of two groups of val, as long as that holds of what comes before.
    """
    groups = has.sum(axis=0)
    fewest = [int((groups < needed).sum()) for needed in (1, 2, 3)]
    equal = np.equal(left_out(has, splits), fewest)
    train, test, val = np.logical_and.accumulate(equal).tolist()
    return train, test, val


def search_exactly(
    has: Bool[np.ndarray, "groups species"], splits: Int[np.ndarray, " groups"]
) -> Coverage:
    """Leaves as few species as possible out of train, then of test, then of val; test has a group.

    An integer program in three stages, limited in nodes.

    Args:
      has: which groups hold images of which species.
      splits: an assignment; groups that do not matter stay as they are.
    """
    patterns, kind = np.unique(has, axis=0, return_inverse=True)
    if len(patterns) > _MOST_PATTERNS:
        return Coverage(None, (False, False, False))
    copies = np.minimum(np.bincount(kind, minlength=len(patterns)), _COPIES)
    num_places = len(SPLITS) * len(patterns)
    # Any: SciPy's annotations know no arrays of limits.
    most: Any = np.concatenate(
        [np.repeat(copies, len(SPLITS)), np.ones(len(SPLITS) * has.shape[1])]
    )
    constraints, found, proven = _constraints(patterns, copies), None, [False, False, False]
    for stage, split in enumerate(IN_ORDER):
        gain = _counted(patterns, split)
        result = milp(
            -gain,
            integrality=np.arange(len(gain)) < num_places,
            bounds=Bounds(0, most),
            constraints=constraints,
            options={"node_limit": _NODES, "mip_rel_gap": 0.0},
        )
        if result.x is not None:
            found = result.x
        if not result.success:
            break
        proven[stage] = True
        constraints = [*constraints, LinearConstraint(gain[None], round(gain @ result.x), np.inf)]
    if found is None:
        return Coverage(None, (False, False, False))
    wanted = found[:num_places].round().astype(int).reshape(-1, 3)
    return Coverage(_placed(splits, kind, wanted), (proven[0], proven[1], proven[2]))


def _constraints(
    patterns: Bool[np.ndarray, "patterns species"], copies: Int[np.ndarray, " patterns"]
) -> list[LinearConstraint]:
    """Constrains the variables [patterns, 3] (groups in each split) and [species, 3] (served)."""
    num_patterns, num_species = patterns.shape
    species, pattern = np.nonzero(patterns.T)
    rows = (species[:, None] * 3 + np.arange(3)).ravel()
    columns = (pattern[:, None] * 3 + np.arange(3)).ravel()
    shape = (3 * num_species, 3 * num_patterns)
    present = coo_array((np.ones(len(rows)), (rows, columns)), shape)
    served = hstack([present, -eye_array(3 * num_species)], format="csr")
    pattern = np.repeat(np.arange(num_patterns), 3)
    num_variables = 3 * (num_patterns + num_species)
    shape = (num_patterns, num_variables)
    whole = csr_array((np.ones(len(pattern)), (pattern, np.arange(len(pattern)))), shape)
    in_test = np.zeros((1, num_variables))
    in_test[0, TEST : 3 * num_patterns : 3] = 1
    each: Any = copies
    return [
        LinearConstraint(served, 0, np.inf),
        LinearConstraint(whole, each, each),
        LinearConstraint(in_test, 1, np.inf),
    ]


def _counted(patterns: Bool[np.ndarray, "patterns species"], split: int) -> np.ndarray:
    """Returns the coefficients that count the species served in a split."""
    served = np.zeros((patterns.shape[1], 3))
    served[:, split] = 1
    return np.concatenate([np.zeros(3 * len(patterns)), served.ravel()])


def _placed(
    splits: Int[np.ndarray, " groups"],
    kind: Int[np.ndarray, " groups"],
    wanted: Int[np.ndarray, "patterns splits"],
) -> Int[np.ndarray, " groups"]:
    """Gives the first groups of each pattern the splits that the program wants."""
    placed = splits.copy()
    order = np.argsort(kind, kind="stable")
    starts = np.searchsorted(kind[order], np.arange(len(wanted)))
    for start, numbers in zip(starts, wanted, strict=True):
        places = np.repeat(np.arange(len(SPLITS)), numbers)
        placed[order[start : start + len(places)]] = places
    return placed
