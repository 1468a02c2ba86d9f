"""Where a source's pictures lie: a folder, a zip archive, a TFDS data set."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from camtrap_jax.data.sources.files import file_problem

MAX_BYTES = 256 * 1024 * 1024  # beyond lies video, never a frame of a camera trap
_ENCRYPTED = 0x1  # of a zip member's flag bits


class Storage(Protocol):
    """Bytes of pictures by their path, which is relative and has "/"; safe to share by threads."""

    @property
    def root(self) -> Path:
        """The folder or file that everything lies in."""
        ...

    def problem(self, filepath: str) -> str:
        """Says why a picture must not, or cannot, be read; empty where it can be tried."""
        ...

    def stamp(self, filepath: str) -> tuple[int, int]:
        """Returns size in bytes and time of the last change in ns; (-1, 0) where it is not."""
        ...

    def read(self, filepath: str) -> bytes:
        """Reads a picture's bytes.

        Raises:
          OSError: it cannot be opened.
          ValueError: it is damaged, or larger than `MAX_BYTES`.
        """
        ...


@dataclass(frozen=True, slots=True)
class FolderStorage:
    """Files below a folder, given resolved; links that leave it are not followed."""

    root: Path

    def problem(self, filepath: str) -> str:
        """Says why a file must not be read."""
        return file_problem(self.root, filepath)

    def stamp(self, filepath: str) -> tuple[int, int]:
        """Returns size and time of the last change."""
        try:
            found = (self.root / filepath).stat()
        except (OSError, ValueError):
            return -1, 0
        return found.st_size, found.st_mtime_ns

    def read(self, filepath: str) -> bytes:
        """Reads a file."""
        check_size(self.stamp(filepath)[0])
        return (self.root / filepath).read_bytes()


class ZipStorage:
    """Members of a zip archive, read in place: nothing is unpacked to disk."""

    def __init__(self, file: Path):
        """Opens the archive.

        Raises:
          ValueError: the file is no zip archive.
        """
        self._file = file.resolve()
        try:
            self._archive = zipfile.ZipFile(self._file)
        except OSError:
            raise
        except Exception as error:  # a damaged directory makes zipfile raise almost anything
            raise ValueError(f"{file}: expected a zip archive, got {error}") from None

    @property
    def root(self) -> Path:
        """The archive."""
        return self._file

    def files(self) -> list[str]:
        """Returns the paths of its members, sorted, each once."""
        return sorted({name for name in self._archive.namelist() if not name.endswith("/")})

    def problem(self, filepath: str) -> str:
        """Says why a member cannot be read."""
        try:
            member = self._archive.getinfo(filepath)
        except KeyError:
            return "not found in the archive"
        if member.flag_bits & _ENCRYPTED:
            return "encrypted in the archive"
        return "not a plain file" if member.is_dir() else ""

    def stamp(self, filepath: str) -> tuple[int, int]:
        """Returns the unpacked size, and the checksum where a folder has the time of change."""
        try:
            member = self._archive.getinfo(filepath)
        except KeyError:
            return -1, 0
        return member.file_size, member.CRC

    def read(self, filepath: str) -> bytes:
        """Unpacks a member into memory."""
        try:
            with self._archive.open(filepath) as stream:
                data = stream.read(MAX_BYTES + 1)  # the size in the directory may be a lie
        except KeyError:
            raise FileNotFoundError("not found in the archive") from None
        except Exception as error:  # zlib, lzma and zipfile each raise their own
            raise ValueError(f"cannot be unpacked: {error}") from None
        check_size(len(data))
        return data


def open_storage(root: Path) -> FolderStorage | ZipStorage:
    """Opens a folder or a zip archive again, by the `root` of what was read.

    Raises:
      FileNotFoundError: nothing is there any more.
      ValueError: it is neither.
    """
    if not root.exists():
        raise FileNotFoundError(f"{root}: the source's pictures are not there any more")
    return FolderStorage(root.resolve()) if root.is_dir() else ZipStorage(root)


def check_size(num_bytes: int) -> None:
    """Refuses what is too large to be a picture.

    Raises:
      ValueError: more than `MAX_BYTES`.
    """
    if num_bytes > MAX_BYTES:
        raise ValueError(f"larger than {MAX_BYTES // 2**20} MiB")
