"""Matches two lists of paths that differ by leading folders: made from different roots."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_MAX_DEPTH = 64


@dataclass(frozen=True, slots=True)
class LeadingFolder:
    """What turns names of one list into those of the other.

    Attributes:
      removed: from the start of each name, with its "/".
      added: to the start of each name, with its "/".
    """

    removed: str = ""
    added: str = ""

    def apply(self, name: str) -> str | None:
        """Returns the name in the other list; None for one without the folder to remove."""
        if not name.startswith(self.removed):
            return None
        return self.added + name[len(self.removed) :]


def find_leading_folder(names: Collection[str], targets: Collection[str]) -> LeadingFolder | None:
    """Finds the one folder that, added or removed, matches most names; None where none does.

    Names that match as they stand stay as they are, even if only a few do.

    Args:
      names: without repetitions.
      targets: without repetitions.

    Raises:
      ValueError: several folders match equally many; one line.
    """
    known, wanted = frozenset(targets), frozenset(names)
    if not known.isdisjoint(wanted):
        return LeadingFolder()
    counts = Counter[LeadingFolder]()
    for name in wanted:
        counts.update(LeadingFolder(removed=head) for head, tail in _cuts(name) if tail in known)
    for name in known:
        counts.update(LeadingFolder(added=head) for head, tail in _cuts(name) if tail in wanted)
    best = counts.most_common(2)
    if len(best) > 1 and best[0][1] == best[1][1]:
        options = sorted(folder.removed or folder.added for folder, _ in best)
        raise ValueError(
            f"the leading folders {options[0]!r} and {options[1]!r} match equally well "
            f"({best[0][1]} names each)"
        )
    return best[0][0] if best else None


def _cuts(name: str) -> Iterator[tuple[str, str]]:
    """Yields each way to cut a path into leading folders and the rest."""
    at = name.find("/")
    for _ in range(_MAX_DEPTH):
        if at < 0:
            return
        yield name[: at + 1], name[at + 1 :]
        at = name.find("/", at + 1)
