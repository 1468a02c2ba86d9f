"""Our variables under torchvision's names and in torch's layouts, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from flax import traverse_util

from camtrap_jax.models.vgg import BLOCKS, scaled

Key = tuple[str, ...]  # of a flattened variable: ("params", "conv1_1", "kernel")
Flat = dict[Key, Any]
Tensors = Mapping[str, np.ndarray]

_FIRST = {"vgg16": "features.0.weight", "resnet50": "conv1.weight"}
LAST = {"vgg16": "classifier.6.weight", "resnet50": "fc.weight"}
# One layer of each published number of channels, from few to many.
_CHANNELS = {
    "vgg16": {
        "features.0.weight": 64,
        "features.5.weight": 128,
        "features.10.weight": 256,
        "features.17.weight": 512,
        "classifier.3.weight": 4096,
    },
    "resnet50": {
        "conv1.weight": 64,
        "layer2.0.conv1.weight": 128,
        "layer3.0.conv1.weight": 256,
        "layer4.0.conv1.weight": 512,
    },
}


@dataclass(frozen=True, slots=True)
class Recognised:
    """Which network some tensors are of."""

    name: str
    num_classes: int
    width: float


def torchvision_name(key: Key) -> str:
    """Translates ('params', 'conv1_1', 'kernel') into 'features.0.weight', and so on."""
    _, *path, leaf = key
    suffix = {"kernel": "weight", "scale": "weight", "bias": "bias"}.get(leaf, f"running_{leaf}")
    if len(path) == 1 and path[0] in _VGG_NAMES:
        return f"{_VGG_NAMES[path[0]]}.{suffix}"
    renamed = {"downsample_conv": "downsample.0", "downsample_bn": "downsample.1"}
    parts = [
        part.replace("_", ".") if part.startswith("layer") else renamed.get(part, part)
        for part in path
    ]
    return ".".join([*parts, suffix])


def to_torch(key: Key, value: np.ndarray) -> np.ndarray:
    """Turns a variable into torch's layout: OIHW for convolutions, [out, in] for dense layers."""
    if key[-1] != "kernel":
        return value
    return value.transpose(3, 2, 0, 1) if value.ndim == 4 else value.T


def from_torch(key: Key, value: np.ndarray) -> np.ndarray:
    """Turns a tensor into Flax's layout: HWIO for convolutions, [in, out] for dense layers."""
    if key[-1] != "kernel":
        return value
    return value.transpose(2, 3, 1, 0) if value.ndim == 4 else value.T


def torch_shape(key: Key, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Returns the shape of a variable's tensor in torch's layout."""
    return to_torch(key, np.broadcast_to(np.float32(0), shape)).shape


def without_prefix(tensors: Tensors) -> dict[str, np.ndarray]:
    """Takes away what other programs put before each name, such as `module.` or `backbone.`."""
    prefixes = [
        name.removesuffix(first)
        for name in tensors
        for first in _FIRST.values()
        if name.endswith(first) and (len(name) == len(first) or name[-len(first) - 1] == ".")
    ]
    prefix = min(prefixes, key=len, default="")
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def recognise(tensors: Tensors) -> Recognised:
    """Tells by names and shapes which network tensors are of.

    Args:
      tensors: under torchvision's names.

    Raises:
      ValueError: of neither network, or not of a whole one.
    """
    names = [name for name, first in _FIRST.items() if first in tensors]
    if not names:
        raise ValueError(
            f"expected a tensor {' or '.join(_FIRST.values())}, as torchvision's vgg16 or resnet50 "
            f"has it; got {', '.join(list(tensors)[:3])}"
        )
    name = names[0]
    last, published = LAST[name], _CHANNELS[name]
    missing = [tensor for tensor in (last, *published) if tensor not in tensors]
    if missing:
        raise ValueError(f"expected a tensor {missing[0]} for {name}, which is not there")
    width = _width([(tensors[tensor].shape[0], wide) for tensor, wide in published.items()])
    return Recognised(name, num_classes=tensors[last].shape[0], width=width)


def _width(layers: Sequence[tuple[int, int]]) -> float:
    """Returns a width at which layers have their channels.

    A layer's channels are rounded, so each leaves an interval, and the widest layer's ratio alone
    can lie outside another's.

    Args:
      layers: channels and their published number, the latter from few to many.
    """
    channels, wide = layers[-1]
    if all(scaled(full, channels / wide) == found for found, full in layers):
        return channels / wide
    lows = [(found - 0.5) / full for found, full in layers if found > scaled(full, 0)]
    high = min((found + 0.5) / full for found, full in layers)
    return (max(lows, default=0.0) + high) / 2


def variables_of(model: nn.Module, tensors: Tensors) -> dict[str, Any]:
    """Returns all variables of a network from tensors under torchvision's names.

    Raises:
      ValueError: a tensor is missing, or of another shape.
    """
    found = {}
    wanted: Flat = traverse_util.flatten_dict(variable_shapes(model))
    for key, leaf in wanted.items():
        name = torchvision_name(key)
        if name not in tensors:
            raise ValueError(
                f"expected a tensor {name} for {type(model).__name__}, which is not there"
            )
        check_shape(name, tensors[name], torch_shape(key, leaf.shape))
        found[key] = jnp.asarray(from_torch(key, tensors[name]), leaf.dtype)
    return traverse_util.unflatten_dict(found)


def tensors_of(variables: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns a network's variables as tensors under torchvision's names."""
    flat: Flat = traverse_util.flatten_dict(jax.device_get(variables))
    return {torchvision_name(key): to_torch(key, np.asarray(one)) for key, one in flat.items()}


def check_shape(name: str, value: np.ndarray, shape: tuple[int, ...]) -> None:
    """Refuses a value of another shape than the network's.

    Raises:
      ValueError: it is one.
    """
    if value.shape != tuple(shape):
        raise ValueError(
            f"{name} has shape {value.shape}, the network expects {tuple(shape)}; "
            "check model.name, model.width and the number of species"
        )


def variable_shapes(model: nn.Module, image_px: int = 64) -> dict[str, Any]:
    """Returns shapes and types of a network's variables without computing anything."""
    images = jax.ShapeDtypeStruct((1, image_px, image_px, 3), jnp.float32)
    return jax.eval_shape(model.init, jax.random.key(0), images)


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
