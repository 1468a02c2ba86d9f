"""Weights on disk: a network's own, others' to start from, and from one format to another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax import traverse_util

from camtrap_jax.models.imagenet_convolutions import convolutions_of, is_imagenet_convolutions
from camtrap_jax.models.tensor_files import read_tensors, write_tensors
from camtrap_jax.models.torchvision import (
    Flat,
    check_shape,
    from_torch,
    tensors_of,
    torch_shape,
    torchvision_name,
    variables_of,
    without_prefix,
)

Variables = dict[str, Any]
_LAST_LAYERS = ("fc", "fc8")


def save_weights(path: str | Path, variables: Variables) -> None:
    """Writes a network's variables under torchvision's names and layouts.

    Args:
      path: the suffix says in which format: `.safetensors`, `.npz`, or torch's `.pth`.
      variables: of `params`, and of `batch_stats` where there are any.

    Raises:
      ValueError: another suffix.
    """
    write_tensors(Path(path), tensors_of(variables))


def load_weights(path: str | Path, model: nn.Module) -> Variables:
    """Reads all variables of `model` from a file with torchvision's names.

    Args:
      path: `.safetensors`, `.npz`, or torch's `.pth` in its new or its old form, told apart by
        content. A file of torch's is read without executing anything in it.
      model: of the same width and number of classes.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is of none of the formats, or a tensor is missing or of another shape.
    """
    tensors = without_prefix(read_tensors(Path(path)))
    try:
        return variables_of(model, tensors)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def start_from(path: str | Path, variables: Variables) -> Variables:
    """Replaces a network's layers by those of a file; others stay as initialised.

    Reads `.npz` of VGG-16's thirteen ImageNet convolutions (`block1_conv1/kernel`, HWIO, ...), and
    any file with torchvision's names, of which the last dense layer is taken only where its shape
    fits.

    Raises:
      FileNotFoundError: there is no such file.
      ValueError: the file is neither, or a tensor is of another shape.
    """
    tensors = read_tensors(Path(path))
    flat: Flat = traverse_util.flatten_dict(variables)
    try:
        if is_imagenet_convolutions(tensors):
            new = convolutions_of(tensors)
        else:
            new = _layers_in_common(flat, without_prefix(tensors))
        for key, value in new.items():
            if key not in flat:
                raise ValueError(f"{'/'.join(key[1:])} does not exist in this network")
            check_shape("/".join(key[1:]), value, flat[key].shape)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
    merged = {key: jnp.asarray(new.get(key, value), value.dtype) for key, value in flat.items()}
    return traverse_util.unflatten_dict(merged)


def _layers_in_common(flat: Flat, tensors: Mapping[str, np.ndarray]) -> dict[Any, np.ndarray]:
    """Returns the file's tensors that the network has; a last layer of other classes is none."""
    new = {}
    for key, variable in flat.items():
        name, shape = torchvision_name(key), torch_shape(key, variable.shape)
        if name not in tensors or (key[1] in _LAST_LAYERS and tensors[name].shape != shape):
            continue
        check_shape(name, tensors[name], shape)
        new[key] = from_torch(key, tensors[name])
    if not new:
        raise ValueError("none of its tensors belongs to this network")
    return new
