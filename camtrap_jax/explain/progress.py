"""What of a pass is on disk: each process notes its own chunks, and the first puts all together.

The notes of a pass `NAME` are `.NAME.json`, and beside it `.NAME.K.json` of process K while it
runs. Whoever starts a killed pass again, in as many processes as there are then, begins with all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from camtrap_jax.store import read_json, remove_all_leftovers, write_json

Span = tuple[int, int]  # rows of a pass, from the first to the one behind the last


@dataclass(frozen=True)
class Done:
    """What is on disk.

    Attributes:
      chunk_rows: rows of a chunk.
      chunks: numbers of chunks whose rows are in all arrays.
      failures: why the image of a row could not be read; of these chunks.
    """

    chunk_rows: int
    chunks: set[int] = field(default_factory=set)
    failures: dict[int, str] = field(default_factory=dict)

    def add(self, other: Done) -> None:
        """Adds what another process has done; chunks of another size are none of this pass."""
        if other.chunk_rows == self.chunk_rows:
            self.chunks.update(other.chunks)
            self.failures.update(other.failures)

    def missing(self, num_rows: int) -> list[Span]:
        """Returns the rows of each chunk that is still to be made."""
        size = self.chunk_rows
        return [
            (number * size, min((number + 1) * size, num_rows))
            for number in range(-(-num_rows // size))
            if number not in self.chunks
        ]

    def as_json(self) -> dict[str, Any]:
        """Returns what JSON can hold: chunks as ranges, so that it stays short."""
        return {
            "chunk_rows": self.chunk_rows,
            "chunks": list(_ranges(self.chunks)),
            "failures": {str(row): self.failures[row] for row in sorted(self.failures)},
        }


def done_of(notes: dict[str, Any]) -> Done:
    """Returns what `Done.as_json` was made of."""
    return Done(
        notes["chunk_rows"],
        {chunk for start, stop in notes["chunks"] for chunk in range(start, stop)},
        {int(row): reason for row, reason in notes["failures"].items()},
    )


def _ranges(numbers: Iterable[int]) -> Iterator[list[int]]:
    """Yields [start, stop) of each run of consecutive numbers."""
    ordered = np.array(sorted(numbers), np.int64)
    for run in np.split(ordered, np.flatnonzero(np.diff(ordered) > 1) + 1):
        if run.size:
            yield [int(run[0]), int(run[-1]) + 1]


def write_own(folder: Path, name: str, process: int, done: Done) -> None:
    """Notes what a process has done so far."""
    write_json(_own(folder, name, process), done.as_json())


def collect(folder: Path, name: str, chunk_rows: int) -> Done:
    """Puts together what earlier processes noted; the first process alone does it."""
    done = Done(chunk_rows)
    parts = sorted(folder.glob(f".{name}.[0-9]*.json"))
    remove_all_leftovers(folder)
    for path in (folder / f".{name}.json", *parts):
        notes = read_json(path) if path.exists() else {}
        if "chunk_rows" in notes:  # an older version noted otherwise
            done.add(done_of(notes))
    if parts:
        _write(folder, name, done, parts)
    return done


def write_all(folder: Path, name: str, done: Done, num_processes: int) -> None:
    """Notes what all processes have done, in place of what each has noted."""
    _write(folder, name, done, [_own(folder, name, one) for one in range(num_processes)])


def _write(folder: Path, name: str, done: Done, parts: list[Path]) -> None:
    write_json(folder / f".{name}.json", done.as_json())
    for path in parts:
        path.unlink(missing_ok=True)


def _own(folder: Path, name: str, process: int) -> Path:
    return folder / f".{name}.{process}.json"
