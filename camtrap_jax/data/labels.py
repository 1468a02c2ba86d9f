"""Labels that are no species: frames without an animal, and frames of something else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from camtrap_jax.config import DataConfig

EMPTY = frozenset({"empty", "blank", "ghost", "none"})
PEOPLE = frozenset(
    {"human", "humans", "homo sapiens", "people", "person", "persons", "setup", "staff"}
)
EXCLUDED = PEOPLE | frozenset(
    {
        "vehicle",
        "fire",
        "unknown",
        "unid",
        "unidentified",
        "unclassified",
    }
)


def label_role(label: str, *, empty: Collection[str] = (), excluded: Collection[str] = ()) -> str:
    """Returns `empty` (no animal), `excluded` (no species) or `species`; case does not matter.

    Args:
      label: as the source spells it.
      empty: labels that mean no animal, besides `EMPTY`.
      excluded: labels to set aside, besides `EXCLUDED`. Both go before the built-in ones.
    """
    name = _plain(label)
    if name in map(_plain, excluded):
        return "excluded"
    if name in map(_plain, empty):
        return "empty"
    if name in EXCLUDED:
        return "excluded"
    return "empty" if name in EMPTY else "species"


def label_counts(labels: Sequence[str], config: DataConfig) -> tuple[list[str], Counter[str]]:
    """Returns each label's role as `label_role` has it, and the images of each species."""
    of_label = {
        label: label_role(label, empty=config.empty_labels, excluded=config.excluded_labels)
        for label in set(labels)
    }
    roles = [of_label[label] for label in labels]
    pairs = zip(labels, roles, strict=True)
    return roles, Counter(label for label, role in pairs if role == "species")


def shows_people(label: str) -> bool:
    """Tells whether a frame with this label shows people, who are left out of galleries."""
    return _plain(label) in PEOPLE


def _plain(label: str) -> str:
    return label.strip().casefold()
