"""Labels that are no species: frames without an animal, and frames of something else."""

from __future__ import annotations

from collections.abc import Collection

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


def shows_people(label: str) -> bool:
    """Tells whether a frame with this label shows people, who are left out of galleries."""
    return _plain(label) in PEOPLE


def _plain(label: str) -> str:
    return label.strip().casefold()
