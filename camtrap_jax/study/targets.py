"""What the maps of a run speak of: the species whose logit, or whose lead, they explain."""

from __future__ import annotations

import difflib

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from camtrap_jax.config import TARGETS
from camtrap_jax.explain.targets import PREDICTED, RUNNER_UP, resolve, rivals

Classes = Int[np.ndarray, " images"]


def choose_targets(
    target: str, labels: Classes, species: list[str]
) -> tuple[Classes, Classes | None]:
    """Returns the target of each image, and what it is held against.

    Args:
      target: `explain.target`.
      labels: of each image; -1 for an unknown species, which has its predicted class as true one.
      species: the known ones.

    Raises:
      ValueError: `target` is neither a kind of target nor a known species.
    """
    predicted = np.full(len(labels), PREDICTED, np.int32)
    true = np.where(labels >= 0, labels, PREDICTED).astype(np.int32)
    if target in species:
        return np.full(len(labels), species.index(target), np.int32), None
    if target == "contrast":
        return true, predicted
    if target not in TARGETS:
        near = difflib.get_close_matches(target, [*TARGETS, *species], n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"explain.target: expected one of {', '.join(TARGETS)} or a known species "
            f"({', '.join(species)}), got {target!r}{hint}"
        )
    found = {"predicted": predicted, "true": true}
    return found.get(target, np.full(len(labels), RUNNER_UP, np.int32)), None


def name_targets(
    target: str,
    labels: Classes,
    logits: Float[np.ndarray, "images classes"],
    species: list[str],
) -> list[str]:
    """Says for each image what its maps speak of: a species, or `one - another` for a lead."""
    targets, against = choose_targets(target, labels, species)
    classes = resolve(jnp.asarray(logits), jnp.asarray(targets))
    names = [species[one] for one in classes.tolist()]
    if against is None:
        return names
    others = rivals(jnp.asarray(logits), classes, jnp.asarray(against))
    return [f"{name} - {species[one]}" for name, one in zip(names, others.tolist(), strict=True)]
