"""Pictures that were decoded for a dataset that is not complete yet.

A preparation that is killed goes on from here. JPEGs are appended to one file and what was measured
to another; a line of the second counts once its JPEG is whole.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import zlib
from pathlib import Path
from typing import Any

from camtrap_jax.data.decoding.pictures import Measured
from camtrap_jax.store import lock_file, read_json, write_json


class Spool:
    """Decoded pictures in a folder, appended to by one process at a time."""

    def __init__(self, folder: Path, settings: dict[str, Any]):
        """Opens the folder, or makes it; what was decoded with other settings is deleted.

        Args:
          folder: of this spool alone.
          settings: JSON-like; whatever the pictures' pixels depend on.

        Raises:
          ValueError: another process is preparing the same dataset.
        """
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = lock_file(
            folder / "lock",
            f"{folder}: another process is preparing this dataset; wait for it to end",
        )
        if not _is_of(folder / "settings.json", settings):
            for name in ("measured.jsonl", "pictures.jpegs"):
                (folder / name).unlink(missing_ok=True)
            write_json(folder / "settings.json", settings)
        self._jpegs = (folder / "pictures.jpegs").open("a+b")
        self._lines = (folder / "measured.jsonl").open("a+b")
        self._places: dict[str, tuple[int, int]] = {}
        self.measured: dict[str, Measured] = {}
        self._restore()

    def add(self, measured: Measured, jpeg: bytes) -> None:
        """Appends a picture; one of the same path is replaced."""
        offset = self._jpegs.seek(0, 2)
        self._jpegs.write(jpeg)
        self._jpegs.flush()
        line = json.dumps([offset, len(jpeg), dataclasses.asdict(measured)])
        self._lines.write(line.encode() + b"\n")
        self._lines.flush()
        self._remember(measured, offset, len(jpeg))

    def jpeg(self, filepath: str) -> bytes:
        """Reads a picture.

        Raises:
          KeyError: it was not added.
        """
        offset, size = self._places[filepath]
        self._jpegs.seek(offset)
        return self._jpegs.read(size)

    def close(self) -> None:
        """Releases the files, which stay for another process to go on from."""
        for stream in (self._jpegs, self._lines, self._lock):
            stream.close()

    def remove(self) -> None:
        """Closes and deletes everything."""
        self.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _restore(self) -> None:
        """Takes up what is whole, and cuts off what a killed process left unfinished."""
        self._lines.seek(0)
        end_of_lines = end_of_jpegs = 0
        for line in self._lines:
            try:
                offset, size, values = json.loads(line)
                measured = Measured(**values)
            except (ValueError, TypeError):
                break
            self._jpegs.seek(offset)
            is_whole = zlib.crc32(self._jpegs.read(size)) == measured.jpeg_crc32
            if not (is_whole and line.endswith(b"\n")):
                break
            self._remember(measured, offset, size)
            end_of_lines += len(line)
            end_of_jpegs = offset + size
        self._lines.truncate(end_of_lines)
        self._jpegs.truncate(end_of_jpegs)

    def _remember(self, measured: Measured, offset: int, size: int) -> None:
        self.measured[measured.filepath] = measured
        self._places[measured.filepath] = offset, size


def _is_of(path: Path, settings: dict[str, Any]) -> bool:
    try:
        return read_json(path) == settings
    except (OSError, ValueError):
        return False
