"""Named arrays in `.safetensors`, `.npz` and torch's `.pth`, told apart by their content."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import safetensors
import safetensors.numpy

from camtrap_jax.models.torch_files import (
    is_torch_pickle,
    is_torch_zip,
    read_torch_pickle,
    read_torch_zip,
    write_torch_file,
)
from camtrap_jax.store import atomic_path

Tensors = dict[str, np.ndarray]

_HEAD_BYTES = 64
# Under which of them training programs keep a network's state beside other things.
_STATES = ("state_dict", "model_state_dict", "model")
_UNREADABLE = (
    safetensors.SafetensorError,
    ValueError,
    KeyError,
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


def read_tensors(path: Path) -> Tensors:
    """Reads all arrays of a file; nothing in it is executed.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: it is of none of the formats, damaged, or holds no arrays.
    """
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of weights")
    try:
        with path.open("rb") as stream:
            tensors = _named_arrays(_read(path, stream))
    except _UNREADABLE as error:
        raise ValueError(f"{path}: expected .safetensors, .npz or .pth, got {error}") from None
    if not tensors:
        raise ValueError(f"{path}: there are no tensors in it; save the network's state_dict()")
    return tensors


def write_tensors(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Writes arrays in the format that the file's name asks for.

    Raises:
      ValueError: it asks for none.
    """
    if path.suffix not in _WRITERS:
        raise ValueError(f"{path}: expected a name that ends in {', '.join(_WRITERS)}")
    contiguous = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    with atomic_path(path) as temporary:
        _WRITERS[path.suffix](temporary, contiguous)


def _read(path: Path, stream: BinaryIO) -> Any:
    if is_torch_pickle(stream.read(_HEAD_BYTES)):
        stream.seek(0)
        return read_torch_pickle(stream)
    if not zipfile.is_zipfile(path):
        return safetensors.numpy.load_file(path)
    with zipfile.ZipFile(path) as archive:
        if is_torch_zip(archive):
            return read_torch_zip(archive)
    with np.load(path, allow_pickle=False) as arrays:
        # NumPy returns a member that is no array as its bytes.
        return {name: arrays[name] for name in arrays.files}


def _named_arrays(saved: Any) -> Tensors:
    if not isinstance(saved, dict):
        return {}
    found = {key: one for key, one in saved.items() if isinstance(one, np.ndarray)}
    if found:
        return found
    return next(filter(None, (_named_arrays(saved.get(name)) for name in _STATES)), {})


def _write_npz(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    with path.open("wb") as stream:  # NumPy would add a suffix to another name
        np.savez(stream, allow_pickle=False, **tensors)


def _write_safetensors(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    path.write_bytes(safetensors.numpy.save(dict(tensors)))  # its save_file hides it from others


_WRITERS: dict[str, Callable[[Path, Mapping[str, np.ndarray]], None]] = {
    ".safetensors": _write_safetensors,
    ".npz": _write_npz,
    ".pth": write_torch_file,
    ".pt": write_torch_file,
}
