"""The words that people know species by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from camtrap_jax.human.answers import Texts
from camtrap_jax.human.tables import few, read_people_table, tidied

ANY_SPECIES = "*"  # in the column `species`: of what may be marked on any picture
COLUMNS = ("species", "descriptor")


@dataclass(frozen=True)
class Vocabulary:
    """Features that can be named.

    Attributes:
      descriptors: of each species, what people know it by.
      general: what may be marked on any picture and tells no species, as the background.
    """

    descriptors: Texts
    general: tuple[str, ...]


def read_descriptors(path: Path, classes: Sequence[str]) -> Vocabulary:
    """Reads a CSV of `species,descriptor`, a row for each; spelling counts, capitals do not.

    Args:
      path: of the file.
      classes: the known species; the file may have others, too.

    Returns:
      The descriptors in the file's order, none twice.

    Raises:
      FileNotFoundError: there is no file.
      ValueError: a column or a cell is missing, or a species has no descriptor.
    """
    table = read_people_table(path, COLUMNS)
    found = {
        str(name): tuple(dict.fromkeys(map(tidied, part["descriptor"])))
        for name, part in table.groupby("species", sort=False)
    }
    general = found.pop(ANY_SPECIES, ())
    missing = [name for name in classes if name not in found]
    if missing:
        strangers = [name for name in found if name not in classes]
        others = f"; the file has {few(strangers)}, not known to the network" if strangers else ""
        raise ValueError(
            f"{path}: expected a descriptor of each species, got none of {few(missing)}{others}"
        )
    return Vocabulary(found, general)
