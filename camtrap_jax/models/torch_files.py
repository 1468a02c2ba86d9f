"""Tensors in torch's `.pth` files, read and written without torch.

Two forms: since torch 1.6 a zip archive, in which a pickle describes the tensors and each storage
is a member; before, and in torchvision's `vgg16-397923af.pth`, pickles one behind the other and
then the storages. A pickle is read as data (`pickled`), so that no file can run a program.

Source: torch/serialization.py and torch/_utils.py of PyTorch 2 say what the files hold.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import ml_dtypes
import numpy as np
from numpy.lib.stride_tricks import as_strided

from camtrap_jax.models.pickled import Made, Named, Referred, read_pickle

_MAGIC = 0x1950A86A20F9469CFC6C
_DTYPES = {
    "FloatStorage": np.dtype(np.float32),
    "DoubleStorage": np.dtype(np.float64),
    "HalfStorage": np.dtype(np.float16),
    "BFloat16Storage": np.dtype(ml_dtypes.bfloat16),
    "LongStorage": np.dtype(np.int64),
    "IntStorage": np.dtype(np.int32),
    "ShortStorage": np.dtype(np.int16),
    "CharStorage": np.dtype(np.int8),
    "ByteStorage": np.dtype(np.uint8),
    "BoolStorage": np.dtype(np.bool_),
}
_REBUILD = "torch._utils _rebuild_tensor_v2"
_PARAMETER = "torch._utils _rebuild_parameter"
_ROOT = "archive"  # the folder in a file that we write

Storage = np.ndarray  # one-dimensional
Storages = Callable[[str, np.dtype, int], Storage]  # key, type, elements


def is_torch_zip(archive: zipfile.ZipFile) -> bool:
    """Tells whether an archive is of torch's form."""
    return _root(archive) is not None


def is_torch_pickle(head: bytes) -> bool:
    """Tells whether a file that begins so is of torch's old form."""
    try:
        return read_pickle(io.BytesIO(head)) == _MAGIC
    except ValueError:
        return False


def read_torch_zip(archive: zipfile.ZipFile) -> Any:
    """Reads what was saved, with arrays in place of tensors.

    Raises:
      ValueError: it is no state of a network, or damaged.
    """
    root = _root(archive)
    if root is None:
        raise ValueError("no data.pkl in the archive")
    names = set(archive.namelist())
    if f"{root}constants.pkl" in names:
        raise ValueError("a TorchScript program; save its state_dict() instead")
    order = archive.read(f"{root}byteorder") if f"{root}byteorder" in names else b"little"

    def storage(key: str, dtype: np.dtype, count: int) -> Storage:
        member = archive.getinfo(f"{root}data/{key}")
        if member.file_size != count * dtype.itemsize:
            raise ValueError(
                f"storage {key}: expected {count} of {dtype}, got {member.file_size} bytes"
            )
        return _in_order(np.frombuffer(archive.read(member), dtype), order == b"big")

    with archive.open(f"{root}data.pkl") as stream:
        return _arrays(read_pickle(io.BytesIO(stream.read())), storage)


def read_torch_pickle(stream: BinaryIO) -> Any:
    """Reads what was saved in the old form, with arrays in place of tensors.

    Raises:
      ValueError: it is no state of a network, or damaged.
    """
    if read_pickle(stream) != _MAGIC:
        raise ValueError("not torch's old form")
    read_pickle(stream)  # the form's version; there has been one
    system = read_pickle(stream)
    is_big = not (system.get("little_endian", True) if isinstance(system, dict) else True)
    saved = read_pickle(stream)
    wanted = {id_[2]: _dtype(id_[1]) for id_ in _storage_ids(saved)}
    found: dict[str, Storage] = {}
    for key in read_pickle(stream):
        (count,) = struct.unpack(">q" if is_big else "<q", _exactly(stream, 8))
        dtype = wanted[key]
        data = np.frombuffer(_exactly(stream, count * dtype.itemsize), dtype)
        found[key] = _in_order(data, is_big)

    def storage(key: str, dtype: np.dtype, count: int) -> Storage:
        if found[key].size != count:
            raise ValueError(f"storage {key}: expected {count} of {dtype}, got {found[key].size}")
        return found[key]

    return _arrays(saved, storage)


def write_torch_file(path: Path, tensors: Mapping[str, np.ndarray]) -> None:
    """Writes a state_dict that `torch.load(path, weights_only=True)` reads.

    Args:
      path: of the file.
      tensors: by name; any shape and layout, of the types that torch and NumPy share.

    Raises:
      ValueError: a tensor is of another type.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr(_member("data.pkl"), _pickled(tensors))
        archive.writestr(_member("byteorder"), b"little")
        for key, value in enumerate(tensors.values()):
            little = np.asarray(value, value.dtype.newbyteorder("<"), order="C")
            archive.writestr(_member(f"data/{key}"), little.tobytes())
        archive.writestr(_member("version"), b"3\n")


def _member(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(f"{_ROOT}/{name}")  # of no date: equal tensors make equal files


def _root(archive: zipfile.ZipFile) -> str | None:
    """Returns the folder that holds `data.pkl`, with its slash."""
    for name in archive.namelist():
        folder, _, file = name.rpartition("/")
        if file == "data.pkl" and "/" not in folder:
            return f"{folder}/" if folder else ""
    return None


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = stream.read(count) if count >= 0 else b""
    if len(data) != count:
        raise ValueError("the file ends too early")
    return data


def _in_order(data: Storage, is_big: bool) -> Storage:
    return data.byteswap() if is_big else data


def _dtype(storage_type: Any) -> np.dtype:
    name = storage_type.name.split()[-1] if isinstance(storage_type, Named) else str(storage_type)
    if name not in _DTYPES:
        raise ValueError(f"tensors of {name} are not read")
    return _DTYPES[name]


def _storage_ids(value: Any) -> Iterator[tuple[Any, ...]]:
    """Yields the ids of all storages in a saved value."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Referred):
            yield one.id
        elif isinstance(one, Made):
            waiting.append(one.arguments)
        elif isinstance(one, dict):
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)


def _arrays(value: Any, storage: Storages) -> Any:
    """Puts arrays in the place of the tensors in nested dictionaries."""
    if isinstance(value, dict):
        return {key: _arrays(one, storage) for key, one in value.items()}
    if isinstance(value, Made) and value.by == Named(_PARAMETER):
        return _arrays(value.arguments[0], storage)
    if isinstance(value, Made) and value.by == Named(_REBUILD):
        referred, offset, shape, strides = value.arguments[:4]
        return _array(referred, offset, shape, strides, storage)
    return value


def _array(
    referred: Referred, offset: int, shape: tuple[int, ...], strides: tuple[int, ...], of: Storages
) -> np.ndarray:
    kind, storage_type, key, _, count = referred.id[:5]
    if kind != "storage":
        raise ValueError(f"expected a storage, got {kind!r}")
    dtype = _dtype(storage_type)
    data = of(key, dtype, count)
    if math.prod(shape) == 0:
        return np.zeros(shape, dtype)
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if offset < 0 or min(strides, default=0) < 0 or last >= data.size:
        raise ValueError(f"a tensor of shape {shape} reaches beyond its storage {key}")
    return as_strided(data[offset:], shape, [step * dtype.itemsize for step in strides]).copy()


def _pickled(tensors: Mapping[str, np.ndarray]) -> bytes:
    """Writes the pickle of an OrderedDict of tensors, operation by operation (protocol 2)."""
    parts = [pickle.PROTO, b"\x02", _global("collections OrderedDict"), pickle.EMPTY_TUPLE]
    parts += [pickle.REDUCE, pickle.MARK]
    for key, (name, value) in enumerate(tensors.items()):
        kinds = [kind for kind, dtype in _DTYPES.items() if dtype == value.dtype]
        if not kinds or value.dtype == ml_dtypes.bfloat16:
            raise ValueError(f"{name}: expected numbers of a type of torch's, got {value.dtype}")
        strides = np.cumprod([1, *value.shape[:0:-1]], dtype=int)[::-1] if value.ndim else ()
        storage = [_text("storage"), _global(f"torch {kinds[0]}"), _text(str(key)), _text("cpu")]
        parts += [
            _text(name),
            _global(_REBUILD),
            pickle.MARK,
            *[pickle.MARK, *storage, _number(value.size), pickle.TUPLE, pickle.BINPERSID],
            _number(0),
            _numbers(value.shape),
            _numbers(strides),
            pickle.NEWFALSE,
            *[_global("collections OrderedDict"), pickle.EMPTY_TUPLE, pickle.REDUCE],
            pickle.TUPLE,
            pickle.REDUCE,
        ]
    return b"".join([*parts, pickle.SETITEMS, pickle.STOP])


def _global(name: str) -> bytes:
    return pickle.GLOBAL + name.replace(" ", "\n").encode() + b"\n"


def _text(text: str) -> bytes:
    data = text.encode()
    return pickle.BINUNICODE + struct.pack("<I", len(data)) + data


def _number(value: int) -> bytes:
    return pickle.BININT + struct.pack("<i", value)


def _numbers(values: Any) -> bytes:
    return pickle.MARK + b"".join(_number(int(value)) for value in values) + pickle.TUPLE
