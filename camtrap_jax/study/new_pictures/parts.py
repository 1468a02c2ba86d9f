"""Answers about pictures, in files of some hundred pictures each that are whole or absent."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

from camtrap_jax.store import atomic_path, remove_leftovers

PART_ROWS = 128


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What is stored of each picture, in arrays with a row a picture.

    Attributes:
      filepath: text.
      num_bytes: of the file, int64.
      modified: the second half of its stamp, int64.
      datetime: from EXIF, text, "YYYY-MM-DD hh:mm:ss" or empty.
      reason: why it could not be read, text; empty where it could, and the rest means something.
      logits: float32 [pictures, classes].
      unfamiliarity: float32.
      nearest: class of the nearest centroid, int32.
    """

    filepath: np.ndarray
    num_bytes: np.ndarray
    modified: np.ndarray
    datetime: np.ndarray
    reason: np.ndarray
    logits: np.ndarray
    unfamiliarity: np.ndarray
    nearest: np.ndarray

    def __len__(self) -> int:
        """Returns the number of pictures."""
        return len(self.filepath)

    def rows(self, chosen: np.ndarray) -> Answers:
        """Returns some pictures, in the order asked for."""
        return Answers(**{name: getattr(self, name)[chosen] for name in _NAMES})

    def failures(self) -> dict[str, str]:
        """Returns why pictures could not be read, by path."""
        bad = self.rows(np.flatnonzero(self.reason != ""))
        return dict(zip(bad.filepath.tolist(), bad.reason.tolist(), strict=True))

    def stamps(self) -> list[tuple[str, int, int]]:
        """Returns path, size and time of each file: what tells that it is unchanged."""
        columns = (self.filepath, self.num_bytes, self.modified)
        return list(zip(*(column.tolist() for column in columns), strict=True))


_NAMES = tuple(field.name for field in fields(Answers))


def joined(parts: list[Answers]) -> Answers:
    """Puts answers one after the other; at least one part."""
    return Answers(**{n: np.concatenate([getattr(part, n) for part in parts]) for n in _NAMES})


def write_part(folder: Path, answers: Answers) -> None:
    """Adds a part behind those in the folder."""
    number = max((int(path.stem) for path in _files(folder)), default=-1) + 1
    path = folder / f"{number:06d}.npz"
    remove_leftovers(path)
    with (
        atomic_path(path) as temporary,
        temporary.open("wb") as stream,  # NumPy would add a suffix to the name
    ):
        np.savez_compressed(stream, allow_pickle=False, **{n: getattr(answers, n) for n in _NAMES})


def read_parts(folder: Path) -> list[Answers]:
    """Reads all parts in the order in which they were written.

    Raises:
      ValueError: one is damaged.
    """
    return [_read(path) for path in _files(folder)]


def _files(folder: Path) -> list[Path]:
    return sorted(folder.glob("[0-9]*.npz"))


def _read(path: Path) -> Answers:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            return Answers(**{name: arrays[name] for name in _NAMES})
    except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path}: damaged ({error}); --overwrite starts afresh") from None
