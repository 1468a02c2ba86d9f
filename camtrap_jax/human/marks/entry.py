"""A picture that somebody marked, as a file lists it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from camtrap_jax.human.marks.shapes import Drawing


@dataclass(frozen=True)
class Entry:
    """A marked picture.

    Attributes:
      where: file and place in it, for messages.
      names: what the file calls the picture, the likeliest first.
      read: reads the marks; raises ValueError where they cannot be used.
    """

    where: str
    names: tuple[str, ...]
    read: Callable[[], Drawing]
