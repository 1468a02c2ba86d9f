"""Files of a study: JSON, tables and arrays that are either whole or absent.

Every write goes to a temporary neighbour that is then renamed, so a process that is killed leaves
the old file or the new one, never a half.
"""

from __future__ import annotations

import csv
import errno
import fcntl
import hashlib
import json
import math
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import pandas as pd
import tensorstore as ts

# Columns that hold names: a species called "None" or a camera called "007" stays text.
TEXT_COLUMNS = (
    "image_id",
    "filepath",
    "species",
    "role",
    "split",
    "camera",
    "sequence",
    "datetime",
    "sha256",
    "phash",
    "bbox",
    "reason",
    "predicted",
    "suggested",
    "nearest_species",
    "joins",
    "measure",
    "detected",
    "sequence_species",
    "second_species",
    "target",
    "sign",
    "label",
    "thumbnail",
    "descriptor",
    "feature",
)

_LEFTOVER = re.compile(r"\.(?P<name>.+)\.(?P<process>\d+)\.(tmp|old)", re.DOTALL)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yields a temporary path beside `path` that takes its place when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def replaced_file(path: Path, *, overwrite: bool) -> Iterator[Path]:
    """Yields a path with the same suffix, whose file takes the place of `path`.

    Raises:
      FileExistsError: `path` has another content, and may not be overwritten.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".new-{path.name}")
    try:
        yield fresh
        if path.exists() and not overwrite and hash_file(path) != hash_file(fresh):
            raise FileExistsError(f"{path}: exists with another content; --overwrite replaces it")
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Yields an empty folder beside `path` that takes its place when the block succeeds.

    The files of an earlier run go with it; when the block fails, `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    old = path.with_name(f".{path.name}.{os.getpid()}.old")
    remove_leftovers(path)
    temporary.mkdir()
    try:
        yield temporary
        if path.exists():
            path.rename(old)
        temporary.rename(path)
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)


def lock_file(path: Path, problem: str) -> IO[str]:
    """Opens a file that no other process holds; closing it, or ending, releases it.

    On a file system that knows no locks, as some of clusters', nobody is refused.

    Raises:
      ValueError: another process holds it; says `problem`.
    """
    lock = path.open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise ValueError(problem) from None
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            lock.close()
            raise
    return lock


def check_file(path: Path, name: str, *, expected: str = "a file") -> None:
    """Checks that a file is there that somebody named.

    Args:
      path: of the file.
      name: of the flag or setting that names it.
      expected: what it should be, for the message.

    Raises:
      FileNotFoundError: nothing is there.
      IsADirectoryError: a folder is.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path}: is a folder; expected {expected} ({name})")
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file ({name})")


def remove_leftovers(path: Path) -> None:
    """Deletes what killed processes left beside `path` while they wrote it."""
    _remove_leftovers(path.parent, path.name)


def remove_all_leftovers(folder: Path) -> None:
    """Deletes what killed processes left in a folder while they wrote any file there."""
    _remove_leftovers(folder, None)


def _remove_leftovers(folder: Path, name: str | None) -> None:
    for left in folder.glob(".*"):
        found = _LEFTOVER.fullmatch(left.name)
        if not found or name not in (None, found["name"]):
            continue
        if _is_another_alive(int(found["process"])):
            continue
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def write_json(path: Path, value: Any) -> None:
    """Writes `value` as indented JSON; NaN and infinity become null."""
    with atomic_path(path) as temporary:
        temporary.write_text(
            json.dumps(_jsonable(value), indent=1, ensure_ascii=False, allow_nan=False) + "\n",
            encoding="utf-8",
        )


def read_json(path: Path) -> Any:
    """Reads JSON.

    Raises:
      ValueError: the file is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: expected JSON, got {error}") from None


def write_table(path: Path, table: pd.DataFrame) -> None:
    """Writes a CSV file with a header; an undefined number is an empty field."""
    with atomic_path(path) as temporary:
        table.to_csv(temporary, index=False, lineterminator="\n", quoting=_quoting(table))


def _quoting(table: pd.DataFrame) -> int:
    """Quotes all text where some holds a carriage return, which `csv` takes for harmless."""
    texts = table.select_dtypes(["object", "string"])
    has_returns = any("\r" in str(value) for name in texts for value in table[name].unique())
    return csv.QUOTE_NONNUMERIC if has_returns else csv.QUOTE_MINIMAL


def read_table(path: Path) -> pd.DataFrame:
    """Reads a CSV file; columns of `TEXT_COLUMNS` are text, empty fields of others are nan."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        names = pd.read_csv(stream, nrows=0).columns
    text = [name for name in names if name in TEXT_COLUMNS]
    return pd.read_csv(
        path,
        dtype=dict.fromkeys(text, "str"),
        keep_default_na=False,
        na_values={name: [""] for name in names if name not in text},
        encoding="utf-8-sig",
    )


def create_array(
    path: Path,
    shape: tuple[int, ...],
    dtype: Any,
    *,
    rows_per_chunk: int,
    rows_per_read: int | None = None,
) -> ts.TensorStore:
    """Makes an empty zarr (v3) array, chunked along its first axis; an old one is replaced.

    Args:
      path: of the array, a folder.
      shape: of the array.
      dtype: of its numbers.
      rows_per_chunk: rows of a file, which is written in one go.
      rows_per_read: rows that can be read by themselves; by default all of a file.
    """
    chunk = [max(1, min(rows_per_chunk, shape[0])), *shape[1:]]
    codecs: list[dict[str, Any]] = [
        {"name": "bytes"},
        {"name": "zstd", "configuration": {"level": 1}},
    ]
    if rows_per_read:
        part = [math.gcd(rows_per_read, chunk[0]), *shape[1:]]
        codecs = [
            {
                "name": "sharding_indexed",
                "configuration": {
                    "chunk_shape": part,
                    "codecs": codecs,
                    "index_codecs": [{"name": "bytes"}, {"name": "crc32c"}],
                },
            }
        ]
    return ts.open(
        {
            "driver": "zarr3",
            "kvstore": {"driver": "file", "path": str(path.resolve())},
            "metadata": {
                "shape": list(shape),
                "data_type": np.dtype(dtype).name,
                "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk}},
                "codecs": codecs,
            },
        },
        create=True,
        delete_existing=True,
    ).result()


def open_array(path: Path, *, writable: bool = False) -> ts.TensorStore:
    """Opens a zarr array that exists.

    Raises:
      FileNotFoundError: there is none at `path`.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such array; run `camtrap explain` first")
    return ts.open(
        {"driver": "zarr3", "kvstore": {"driver": "file", "path": str(path.resolve())}},
        read=True,
        write=writable,
    ).result()


def read_array(path: Path) -> np.ndarray:
    """Reads a whole zarr array into memory."""
    return open_array(path).read().result()


def hash_json(value: Any) -> str:
    """Returns a hash of a JSON-like value that does not depend on the order of its keys."""
    text = json.dumps(_jsonable(value), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def hash_file(path: Path) -> str:
    """Returns the SHA-256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _jsonable(value: Any) -> Any:
    """Turns NumPy values into Python ones, and numbers that JSON lacks into None."""
    if isinstance(value, dict):
        return {str(key): _jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(item) for item in value]
    if isinstance(value, np.ndarray):
        return _jsonable(value.tolist())
    if isinstance(value, np.generic):
        return _jsonable(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def _is_another_alive(process: int) -> bool:
    if process == os.getpid():  # in containers an earlier process had the same number
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
