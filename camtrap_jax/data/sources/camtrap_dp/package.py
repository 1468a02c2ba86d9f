"""Opens a Camtrap DP package: `datapackage.json` and the CSV files that it names.

Nothing outside the package is read, and nothing is fetched.

Source: https://camtrap-dp.tdwg.org, and https://specs.frictionlessdata.io/tabular-data-resource.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from camtrap_jax.data.sources.camtrap_dp.csv_table import CsvTable
from camtrap_jax.data.sources.camtrap_dp.descriptor import Resource, parse_descriptor
from camtrap_jax.data.sources.files import file_problems, walk_files
from camtrap_jax.data.sources.json_text import parse_json
from camtrap_jax.data.sources.storage import FolderStorage, Storage, ZipStorage
from camtrap_jax.data.sources.values import shown

DESCRIPTOR = "datapackage.json"
_ZIP_MARK = b"PK\x03\x04"
_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Package:
    """An opened package.

    Attributes:
      storage: what its files are read from.
      folder: of `datapackage.json` in the storage, empty or with a "/" at the end.
      place: name of `datapackage.json` for messages.
      tables: each of `TABLES`.
    """

    storage: Storage
    folder: str
    place: str
    tables: dict[str, Resource]

    def problems(self, filepaths: Sequence[str]) -> Iterator[str]:
        """Yields why each path in the storage must not, or cannot, be read; empty where it can."""
        if isinstance(self.storage, FolderStorage):
            found = file_problems(self.storage.root, filepaths)  # five times as fast as one by one
        else:
            found = map(self.storage.problem, filepaths)
        for filepath, reason in zip(filepaths, found, strict=True):
            path = filepath.removeprefix(self.folder)
            if is_url(filepath):
                yield "a URL; nothing is fetched, expected a file in the package"
            elif path.startswith("/") or ".." in path.split("/"):
                yield "the path leaves the package"
            else:
                yield reason

    def name(self, table: str) -> str:
        """Returns the file name of one of `TABLES`."""
        return self.tables[table].path.rpartition("/")[2]

    def files(self) -> list[str]:
        """Returns the plain files of the storage, sorted.

        Raises:
          OSError: its folder cannot be opened.
        """
        if isinstance(self.storage, FolderStorage):
            return walk_files(self.storage.root)[0]
        names = _members(self.storage.root)
        return sorted(name for name in names if _is_plain(name) and not name.endswith("/"))

    def read_table(self, name: str) -> CsvTable:
        """Reads one of `TABLES`.

        Raises:
          ValueError: it cannot be read, or has no header; one line.
        """
        path, delimiter = self.tables[name]
        place = self.place.removesuffix(DESCRIPTOR) + path
        data = _read(self.storage, self.folder + path, place)
        return CsvTable(data, place, delimiter=delimiter)


def is_camtrap_dp(source: Path) -> bool:
    """Tells whether a folder, a zip archive or a file is, or holds, a `datapackage.json`.

    Raises:
      ValueError: an archive holds several.
    """
    return _find_descriptor(source) is not None


def check_archive(source: Path) -> None:
    """Refuses a file that begins as a zip archive and cannot be opened as one.

    Raises:
      ValueError: it is damaged; one line.
      OSError: it cannot be opened.
    """
    with source.open("rb") as stream:
        if stream.read(len(_ZIP_MARK)) != _ZIP_MARK:
            return
    try:
        zipfile.ZipFile(source).close()
    except OSError:
        raise
    except Exception as error:  # a damaged directory makes zipfile raise almost anything
        raise ValueError(
            f"{source}: a damaged archive, perhaps half of one ({error}); copy it again"
        ) from None


def is_url(path: str) -> bool:
    """Tells whether a path is the address of something elsewhere."""
    return _URL.match(path) is not None


def _find_descriptor(source: Path) -> str | None:
    """Returns where `datapackage.json` lies in a folder or archive; None where there is none."""
    if source.is_dir():
        return DESCRIPTOR if (source / DESCRIPTOR).is_file() else None
    if source.name == DESCRIPTOR:
        return DESCRIPTOR if source.is_file() else None
    found = sorted(
        (name.count("/"), name)
        for name in _members(source)
        if name.rpartition("/")[2] == DESCRIPTOR and _is_plain(name)
    )
    if len(found) > 1 and found[0][0] == found[1][0]:
        names = ", ".join(repr(name) for _, name in found[:2])
        raise ValueError(f"{source}: several packages ({names}, ...); expected one")
    return found[0][1] if found else None


def open_package(source: Path) -> Package:
    """Opens a folder, its `datapackage.json`, or a zip archive that holds one.

    Raises:
      ValueError: it is no package of version 1, or does not name its tables; one line.
    """
    if not source.exists():
        raise ValueError(f"{source}: no such file or folder; expected a Camtrap DP package")
    is_folder = source.is_dir() or source.name == DESCRIPTOR
    root = source if source.is_dir() else source.parent
    if not is_folder:
        check_archive(source)
    storage = FolderStorage(root.resolve()) if is_folder else ZipStorage(source)
    descriptor = _find_descriptor(source)
    if descriptor is None:
        raise ValueError(f"{source}: expected a Camtrap DP package, found no {DESCRIPTOR}")
    place = f"{root if is_folder else source}/{descriptor}"
    value = parse_json(_read(storage, descriptor, place), place)
    folder = descriptor.removesuffix(DESCRIPTOR)
    tables = parse_descriptor(value, place)
    package = Package(storage, folder, place, tables)
    paths = [resource.path for resource in tables.values()]
    inside = [path if is_url(path) else folder + path for path in paths]
    for path, reason in zip(paths, package.problems(inside), strict=True):
        if reason:
            raise ValueError(f"{place}: resources: {shown(path)}: {reason}")
    return package


def _is_plain(name: str) -> bool:
    """Tells whether a member's name can be shown, and stays in the archive's folder."""
    parts = name.split("/")
    return name.isprintable() and not {"", "..", "__MACOSX"}.intersection(parts)


def _read(storage: Storage, path: str, place: str) -> bytes:
    reason = storage.problem(path)
    if reason:
        raise ValueError(f"{place}: {reason}")
    try:
        return storage.read(path)
    except OSError as error:
        raise ValueError(f"{place}: cannot be opened: {error.strerror or error}") from None
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _members(source: Path) -> Iterator[str]:
    try:
        with zipfile.ZipFile(source) as archive:
            yield from archive.namelist()
    # zipfile raises many kinds of errors on what is no, or a damaged, archive.
    except Exception:
        return
