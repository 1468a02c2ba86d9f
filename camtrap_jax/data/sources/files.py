"""Finds the files of a source, and none outside it."""

from __future__ import annotations

import os
import stat
from pathlib import Path, PurePosixPath

from camtrap_jax.data.sources.listing import Failure

# Thumbnails and leftovers that other programs keep beside pictures.
_FOREIGN_FOLDERS = frozenset({"@eadir", "__macosx"})


def walk_files(root: Path) -> tuple[list[str], list[Failure]]:
    """Lists the plain files below `root` as sorted relative paths with "/".

    Hidden folders and links to folders are not entered; files behind links that leave `root` are
    not listed. Each has a row among the failures.

    Args:
      root: a resolved folder.
    """
    files, failures = [], []
    for folder, subfolders, names in os.walk(root):
        inside = Path(folder)
        for name in list(subfolders):
            reason = _folder_problem(inside / name)
            if reason:
                subfolders.remove(name)
                failures.append(Failure(_relative(root, inside / name) + "/", reason))
        for name in names:
            filepath = _relative(root, inside / name)
            reason = _name_problem(filepath)
            if not reason and not _is_plain(inside / name):
                reason = file_problem(root, filepath)
            if reason:
                failures.append(Failure(printable(filepath), reason))
            else:
                files.append(filepath)
    return sorted(files), failures


def file_problem(root: Path, filepath: str) -> str:
    """Says why `root / filepath` must not be read; empty where it is a plain file inside `root`.

    Args:
      root: a resolved folder.
      filepath: relative, with "/".
    """
    parts = PurePosixPath(filepath)
    if parts.is_absolute() or ".." in parts.parts:
        return "the path leaves the source"
    path = root / filepath
    try:
        resolved = path.resolve()
        if not resolved.is_relative_to(root):
            return "a link that leaves the source"
        if resolved.is_file():
            return ""
        if path.is_symlink():
            return "a link to nothing"
        return "not a plain file" if resolved.exists() else "not found in the source"
    except (OSError, RuntimeError, ValueError) as error:  # link loops, NUL bytes, long names
        return f"cannot be opened: {error}"


def printable(filepath: str) -> str:
    """Returns the path with bytes that are not UTF-8 written as escapes."""
    return filepath.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _is_plain(path: Path) -> bool:
    """Tells, for a path below folders that are no links, what `file_problem` takes longer for."""
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _relative(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _folder_problem(path: Path) -> str:
    if path.is_symlink():
        return "a link to a folder, not followed"
    if path.name.startswith("."):
        return "a hidden folder, not read"
    return (
        "thumbnails of another program, not read" if path.name.lower() in _FOREIGN_FOLDERS else ""
    )


def _name_problem(filepath: str) -> str:
    if printable(filepath) != filepath:
        return "the name is not UTF-8"
    return "a hidden file" if filepath.rpartition("/")[2].startswith(".") else ""
