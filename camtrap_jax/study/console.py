"""What a stage may tell the person who waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

OnProgress = Callable[..., None]  # (done, total, note="")


class Console(Protocol):
    """Somewhere to write a line or show progress; the command line has one."""

    def say(self, line: str) -> None:
        """Writes one line."""
        ...

    def progress(self, label: str, unit: str = "images") -> OnProgress:
        """Starts a progress display and returns the function that moves it."""
        ...


class Silent:
    """A console that shows nothing."""

    def say(self, line: str) -> None:
        """Does nothing."""

    def progress(self, label: str, unit: str = "images") -> OnProgress:
        """Returns a function that does nothing."""
        del label, unit
        return lambda done, total, note="": None
