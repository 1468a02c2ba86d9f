"""Labels that are no species: frames without an animal, and frames of something else."""

from __future__ import annotations

EMPTY = frozenset({"empty", "blank", "ghost", "none"})
EXCLUDED = frozenset(
    {
        "human",
        "person",
        "setup",
        "vehicle",
        "fire",
        "unknown",
        "unid",
        "unidentified",
        "unclassified",
    }
)


def label_role(label: str) -> str:
    """Returns `empty` (no animal), `excluded` (no species) or `species`; case does not matter."""
    name = label.strip().casefold()
    if name in EMPTY:
        return "empty"
    return "excluded" if name in EXCLUDED else "species"
