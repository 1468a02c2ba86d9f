"""Finds the files of a source, and none outside it."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath

# Thumbnails and leftovers that other programs keep beside pictures.
_FOREIGN_FOLDERS = frozenset({"@eadir", "__macosx"})
_CONTROL = frozenset({"Cc", "Cs", "Zl", "Zp"})
# They turn around the rest of the line that they stand in.
_TURNING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_ELSEWHERE = (
    "a path of another computer; write paths relative to the source, such as camera/file.jpg"
)
_MAX_SHOWN = 4096  # longer than a path can be


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, or a line about a file, that cannot be used, and why; both as `printable` text."""

    filepath: str
    reason: str

    def __post_init__(self):
        object.__setattr__(self, "filepath", printable(self.filepath))
        object.__setattr__(self, "reason", printable(self.reason))


def walk_files(root: Path) -> tuple[list[str], list[Failure]]:
    """Lists the plain files below `root` as sorted relative paths with "/".

    Hidden folders and links to folders are not entered; files behind links that leave `root` are
    not listed. Each has a row among the failures, as has a folder that cannot be opened.

    Args:
      root: a resolved folder.

    Raises:
      OSError: `root` cannot be opened.
    """
    files, failures, folders = [], [], [""]
    while folders:
        for filepath, reason in _scan(root, folders.pop()):
            if reason:
                failures.append(Failure(filepath, reason))
            else:
                (folders if filepath.endswith("/") else files).append(filepath)
    return sorted(files), sorted(failures, key=lambda failure: failure.filepath)


def file_problem(root: Path, filepath: str) -> str:
    """Says why `root / filepath` must not be read; empty where it is a plain file inside `root`.

    Args:
      root: a resolved folder.
      filepath: relative, with "/".
    """
    return next(file_problems(root, [filepath]))


def _file_problem(root: Path, filepath: str, known: dict[str, dict[str, str]]) -> str:
    if filepath.startswith("//"):
        return _ELSEWHERE
    parts = PurePosixPath(filepath)
    if parts.is_absolute() or ".." in parts.parts:
        return "the path leaves the source"
    try:
        return _target_problem(root, filepath, known)
    except OSError as error:  # such as too long a name
        return f"cannot be opened: {error.strerror or error}"
    except (RuntimeError, ValueError) as error:  # link loops, NUL bytes
        return f"cannot be opened: {error}"


def file_problems(root: Path, filepaths: Iterable[str]) -> Iterator[str]:
    """Yields `file_problem` of each path, but looks at every folder once.

    Args:
      root: a resolved folder.
      filepaths: relative, with "/"; neighbours best one after the other.
    """
    plain: dict[str, bool] = {}
    known: dict[str, dict[str, str]] = {}
    for filepath in filepaths:
        folder = filepath.rpartition("/")[0]
        if folder not in plain:
            plain[folder] = _is_plain_folder(root, folder)
        # "/a" has the folder "", too, and is absolute.
        is_plain = plain[folder] and filepath[:1] != "/" and _is_plain_file(f"{root}/{filepath}")
        yield "" if is_plain else _file_problem(root, filepath, known)


def printable(text: str) -> str:
    """Returns text as one line of UTF-8; bytes that are not, and control characters, escaped."""
    if text.isprintable():
        return text[:_MAX_SHOWN]
    return "".join(map(_escaped, text[:_MAX_SHOWN]))[:_MAX_SHOWN]


def _escaped(char: str) -> str:
    if "\udc80" <= char <= "\udcff":  # how Python holds a byte of a name that is not UTF-8
        return f"\\x{ord(char) - 0xDC00:02x}"
    if unicodedata.category(char) in _CONTROL or unicodedata.bidirectional(char) in _TURNING:
        return char.encode("unicode_escape").decode()
    return char


def _scan(root: Path, folder: str) -> Iterator[tuple[str, str]]:
    """Yields what lies in a folder, and why it is not read; folders end in "/"."""
    try:
        with os.scandir(root / folder) as entries:
            for entry in entries:
                filepath = f"{folder}{entry.name}" + "/" * _is_folder(entry)
                yield filepath, _entry_problem(root, filepath, entry)
    except OSError as error:
        if not folder:
            raise
        yield folder, f"cannot be opened: {error.strerror or error}"


def _target_problem(root: Path, filepath: str, known: dict[str, dict[str, str]]) -> str:
    path = root / filepath
    resolved = path.resolve()
    if not resolved.is_relative_to(root):
        return "a link that leaves the source"
    if resolved.is_file():
        return ""
    if path.is_symlink():
        return "a link to nothing"
    if resolved.exists():
        return "not a plain file"
    if PureWindowsPath(filepath).is_absolute():
        return _ELSEWHERE
    other = _other_spelling(root, filepath, known)
    hint = f"; {other} is there: names must agree in upper and lower case and accents"
    return "not found in the source" + (hint if other else "")


def _other_spelling(root: Path, filepath: str, known: dict[str, dict[str, str]]) -> str:
    """Returns the file whose path differs in case or Unicode form only; empty for none.

    Args:
      root: a resolved folder.
      filepath: relative, with "/".
      known: what lies in folders listed before, by `_folded` name; filled.
    """
    found = ""
    for part in filepath.split("/"):
        if found not in known:
            known[found] = _folded_names(root, found)
        name = known[found].get(_folded(part), "")
        if not name:
            return ""
        found = f"{found}/{name}" if found else name
    return found if _is_plain_file(f"{root}/{found}") else ""


def _folded_names(root: Path, folder: str) -> dict[str, str]:
    if not _is_plain_folder(root, folder):
        return {}
    try:
        names = sorted((path.name for path in (root / folder).iterdir()), reverse=True)
    except OSError:
        return {}
    return {_folded(name): name for name in names}


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tells whether an entry is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_plain_folder(root: Path, folder: str) -> bool:
    """Tells whether a folder lies in `root` without any link on the way."""
    path = root / folder
    try:
        return ".." not in path.parts and path.is_relative_to(root) and path.resolve() == path
    except (OSError, RuntimeError, ValueError):
        return False


def _is_plain_file(path: str) -> bool:
    """Tells, for a path below plain folders, what `file_problem` takes longer for."""
    try:
        return stat.S_ISREG(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _entry_problem(root: Path, filepath: str, entry: os.DirEntry[str]) -> str:
    if not _is_utf8(entry.name):
        return "the name is not UTF-8"
    if filepath.endswith("/"):
        return _folder_problem(entry)
    if entry.name.startswith("."):
        return "a hidden file"
    return "" if entry.is_file(follow_symlinks=False) else file_problem(root, filepath)


def _folder_problem(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "a link to a folder, not followed"
    if entry.name.startswith("."):
        return "a hidden folder, not read"
    if entry.name.lower() in _FOREIGN_FOLDERS:
        return "thumbnails of another program, not read"
    return ""


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
