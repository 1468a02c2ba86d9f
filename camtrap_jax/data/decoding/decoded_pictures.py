"""The pictures of a source as they are kept: decoded in parallel, and none of them twice."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from pathlib import Path

from camtrap_jax.config import DataConfig
from camtrap_jax.data.decoding.parallel import ordered_map
from camtrap_jax.data.decoding.pictures import CANNOT_BE_OPENED, Measured, read_picture
from camtrap_jax.data.decoding.prepared import PreparedPictures
from camtrap_jax.data.decoding.spool import Spool
from camtrap_jax.data.freshness import pixel_settings
from camtrap_jax.data.sources import Failure, SourceListing

OnProgress = Callable[[int, int], None]


class DecodedPictures:
    """A source's readable files; their JPEGs lie in an older dataset or in a spool beside it.

    Attributes:
      measured: of each readable file, by its path.
      failures: the files that cannot be read.
      unopened: those of them that could not be opened, whatever is in them.
    """

    def __init__(self, dataset: Path, config: DataConfig):
        """Finds what was decoded before for `dataset`, by a preparation that ended or was killed.

        Raises:
          ValueError: another process is preparing it.
        """
        settings = pixel_settings(config)
        self._config = config
        self._old = PreparedPictures(dataset, settings)
        self._spool = Spool(_spool_folder(dataset), settings)
        self.measured: dict[str, Measured] = {}
        self.failures: list[Failure] = []
        self.unopened: list[str] = []

    def decode(self, listing: SourceListing, on_progress: OnProgress | None = None) -> None:
        """Decodes the files of a source that are new or changed.

        Args:
          listing: of the source.
          on_progress: called with (files done, files in all).
        """
        files = list(dict.fromkeys(entry.filepath for entry in listing.images))
        known = {**self._old.measured, **self._spool.measured}
        todo = []
        for path in files:
            if path in known and _stamp(known[path]) == listing.storage.stamp(path):
                self.measured[path] = known[path]
            else:
                todo.append(path)
        report = on_progress or (lambda done, total: None)
        if len(todo) < len(files):
            report(len(files) - len(todo), len(files))
        # Threads: Pillow decodes and scales, nine tenths of the work, without the interpreter's
        # lock, and processes would import the caller's main module anew.
        read = functools.partial(read_picture, listing.storage, self._config)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module="PIL")  # damaged EXIF in readable pictures
            outcomes = ordered_map(read, todo)
            for done, outcome in enumerate(outcomes, start=len(files) - len(todo) + 1):
                self._keep(outcome)
                report(done, len(files))

    def jpeg(self, filepath: str) -> bytes:
        """Reads a picture."""
        source = self._spool if filepath in self._spool.measured else self._old
        return source.jpeg(filepath)

    def close(self, *, keep: bool) -> None:
        """Releases the files, and unless `keep` deletes what was decoded this time."""
        if keep and self._spool.measured:
            self._spool.close()
        else:
            self._spool.remove()

    def _keep(self, outcome: tuple[Measured, bytes] | Failure) -> None:
        if isinstance(outcome, Failure):
            self.failures.append(outcome)
            if outcome.reason.startswith(CANNOT_BE_OPENED):
                self.unopened.append(outcome.filepath)
            return
        measured, jpeg = outcome
        self._spool.add(measured, jpeg)
        self.measured[measured.filepath] = measured


def remove_spool(dataset: Path) -> None:
    """Deletes what a process left that was killed after its dataset was complete."""
    folder = _spool_folder(dataset)
    if folder.exists():
        Spool(folder, {}).remove()


def _spool_folder(dataset: Path) -> Path:
    return dataset.with_name(f".{dataset.name}.partial")


def _stamp(measured: Measured) -> tuple[int, int]:
    return measured.num_bytes, measured.modified_ns
