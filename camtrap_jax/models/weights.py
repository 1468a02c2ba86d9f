"""Weights on disk: torchvision's names in `.safetensors`, ImageNet convolutions in `.npz`."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import safetensors
import safetensors.numpy
from flax import linen as nn
from flax import traverse_util

from camtrap_jax.models.vgg import BLOCKS
from camtrap_jax.store import atomic_path

Variables = dict[str, Any]
Flat = dict[tuple[str, ...], Any]

# The .npz of VGG-16's convolutions expects RGB 0..255 less these means, without a division.
CAFFE_MEAN = np.array((123.68, 116.779, 103.939), np.float32)
IMAGENET_MEAN = np.array((0.485, 0.456, 0.406), np.float32)
IMAGENET_STD = np.array((0.229, 0.224, 0.225), np.float32)
# Root mean square of those convolutions' pooled maps on photographs (measured: 7.2).
CAFFE_MAP_RMS = 7.0
_UNREADABLE = (
    safetensors.SafetensorError,
    ValueError,
    OSError,
    EOFError,
    zipfile.BadZipFile,
    zlib.error,
)


def save_weights(path: Path, variables: Variables) -> None:
    """Writes a network's variables as `.safetensors` under torchvision's names and layouts."""
    flat = traverse_util.flatten_dict(jax.device_get(variables))
    tensors = {
        _torch_name(key): np.ascontiguousarray(_to_torch(key, np.asarray(value)))
        for key, value in flat.items()
    }
    with atomic_path(Path(path)) as temporary:
        safetensors.numpy.save_file(tensors, temporary)


def load_weights(path: str | Path, model: nn.Module) -> Variables:
    """Reads all variables of `model` from a file with torchvision's names.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is not `.safetensors`, or a tensor is missing or of another shape.
    """
    tensors = _read_tensors(Path(path))
    wanted: Flat = traverse_util.flatten_dict(variable_shapes(model))
    found = {}
    for key, leaf in wanted.items():
        name = _torch_name(key)
        if name not in tensors:
            raise ValueError(
                f"{path}: expected a tensor {name} for {type(model).__name__}, which is not there"
            )
        value = _from_torch(key, tensors[name])
        _check_shape(path, name, value, leaf.shape)
        found[key] = jnp.asarray(value, leaf.dtype)
    return traverse_util.unflatten_dict(found)


def start_from(path: str | Path, variables: Variables) -> Variables:
    """Replaces a network's convolutions by those of a file; other layers stay as initialised.

    Reads `.npz` of VGG-16's thirteen ImageNet convolutions (`block1_conv1/kernel`, HWIO, ...),
    whose first layer is rescaled to our normalisation and whose last one to maps of unit size, and
    `.safetensors` with torchvision's names, of which the last dense layer is taken only where its
    shape fits.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is neither, or a tensor is of another shape.
    """
    tensors = _read_tensors(Path(path))
    flat: Flat = traverse_util.flatten_dict(variables)
    if "block1_conv1/kernel" in tensors:
        try:
            new = _vgg_convolutions(tensors)
        except KeyError as error:
            raise ValueError(f"{path}: expected a tensor {error.args[0]}, not there") from None
    else:
        new = {
            key: _from_torch(key, tensors[name])
            for key in flat
            if (name := _torch_name(key)) in tensors
        }
        new = {
            key: value
            for key, value in new.items()
            if key[1] not in ("fc", "fc8") or value.shape == flat[key].shape
        }
    if not new:
        raise ValueError(f"{path}: none of its tensors belongs to this network")
    for key, value in new.items():
        if key not in flat:
            raise ValueError(f"{path}: {'/'.join(key[1:])} does not exist in this network")
        _check_shape(path, "/".join(key[1:]), value, flat[key].shape)
    merged = {key: jnp.asarray(new.get(key, value), value.dtype) for key, value in flat.items()}
    return traverse_util.unflatten_dict(merged)


def variable_shapes(model: nn.Module, image_px: int = 64) -> Variables:
    """Returns shapes and types of a network's variables without computing anything."""
    images = jax.ShapeDtypeStruct((1, image_px, image_px, 3), jnp.float32)
    return jax.eval_shape(model.init, jax.random.key(0), images)


def _vgg_convolutions(tensors: Mapping[str, np.ndarray]) -> dict[tuple[str, ...], np.ndarray]:
    new = {}
    for block, (_, count) in enumerate(BLOCKS, start=1):
        for layer in range(1, count + 1):
            for kind in ("kernel", "bias"):
                value = tensors[f"block{block}_conv{layer}/{kind}"]
                new["params", f"conv{block}_{layer}", kind] = value
    # Ours are (rgb / 255 - mean) / std: what was a difference of 1 is now 1 / (255 std).
    kernel = new["params", "conv1_1", "kernel"]
    shift = 255 * IMAGENET_MEAN - CAFFE_MEAN  # at most 0.5 of 255; exact but at the border
    new["params", "conv1_1", "bias"] = new["params", "conv1_1", "bias"] + np.einsum(
        "hwio,i->o", kernel, shift
    )
    new["params", "conv1_1", "kernel"] = kernel * (255 * IMAGENET_STD)[None, None, :, None]
    # A new head is drawn for maps of unit size. As relu(s x) = s relu(x) for s > 0, this changes
    # the maps by a factor and nothing else; without it training starts at a loss of 20.
    for kind in ("kernel", "bias"):
        new["params", "conv5_3", kind] = new["params", "conv5_3", kind] / CAFFE_MAP_RMS
    return new


def _read_tensors(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of weights")
    try:
        if zipfile.is_zipfile(path):
            with np.load(path, allow_pickle=False) as archive:
                members = {name: archive[name] for name in archive.files}
            # NumPy returns a member that is no array as its bytes.
            return {name: value for name, value in members.items() if hasattr(value, "shape")}
        return safetensors.numpy.load_file(path)
    except _UNREADABLE as error:
        raise ValueError(f"{path}: expected .safetensors or .npz, got {error}") from None


def _check_shape(path: Any, name: str, value: np.ndarray, shape: tuple[int, ...]) -> None:
    if value.shape != tuple(shape):
        raise ValueError(
            f"{path}: {name} has shape {value.shape}, the network expects {tuple(shape)}; "
            "check model.name, model.width and the number of species"
        )


def _torch_name(key: tuple[str, ...]) -> str:
    """Translates ('params', 'conv1_1', 'kernel') into 'features.0.weight', and so on."""
    collection, *path, leaf = key
    suffix = {"kernel": "weight", "scale": "weight", "bias": "bias"}.get(leaf, f"running_{leaf}")
    del collection
    if len(path) == 1 and path[0] in _VGG_NAMES:
        return f"{_VGG_NAMES[path[0]]}.{suffix}"
    renamed = {"downsample_conv": "downsample.0", "downsample_bn": "downsample.1"}
    parts = [
        part.replace("_", ".") if part.startswith("layer") else renamed.get(part, part)
        for part in path
    ]
    return ".".join([*parts, suffix])


def _vgg_names() -> dict[str, str]:
    """Numbers VGG's layers as torchvision does: convolution, ReLU and pooling count one each."""
    names, index = {}, 0
    for block, (_, count) in enumerate(BLOCKS, start=1):
        for layer in range(1, count + 1):
            names[f"conv{block}_{layer}"] = f"features.{index}"
            index += 2
        index += 1
    return names | {"fc6": "classifier.0", "fc7": "classifier.3", "fc8": "classifier.6"}


_VGG_NAMES = _vgg_names()


def _to_torch(key: tuple[str, ...], value: np.ndarray) -> np.ndarray:
    if key[-1] != "kernel":
        return value
    return value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T


def _from_torch(key: tuple[str, ...], value: np.ndarray) -> np.ndarray:
    if key[-1] != "kernel":
        return value
    return value.transpose(2, 3, 1, 0) if value.ndim == 4 else value.T
