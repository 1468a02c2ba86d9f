"""What the groups of a split are called in messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_NAMED = 5  # names listed; a longer list is cut


@dataclass(frozen=True)
class Wording:
    """Words for one way to group images.

    Attributes:
      split: value of --split.
      instead: the --split to turn to where this one cannot be had.
      one, many: what a group is.
      verb: how a species relates to its groups.
      named: whether a group's name means anything to a reader.
    """

    split: str
    instead: str
    one: str
    many: str
    verb: str
    named: bool

    def counted(self, count: int) -> str:
        """Writes a number of groups."""
        return f"{count} {self.one if count == 1 else self.many}"

    def places(self, groups: Sequence[str]) -> str:
        """Writes where a species is."""
        names = f" ({listed(groups)})" if self.named else ""
        return f"{self.verb} {self.counted(len(groups))}{names}"


CAMERA = Wording("camera", "sequence", "camera", "cameras", "seen at", named=True)
SEQUENCE = Wording(
    "sequence",
    "random",
    "group of bursts and duplicates",
    "groups of bursts and duplicates",
    "in",
    named=False,
)


def listed(names: Sequence[str]) -> str:
    """Writes names with commas; many are cut."""
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest} more" if rest > 0 else "")


def images(count: int) -> str:
    """Writes a number of images."""
    return f"{count} image" if count == 1 else f"{count} images"
