"""Weights from one file format to another."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from camtrap_jax.models import make_model
from camtrap_jax.models.imagenet_convolutions import convolutions_of, is_imagenet_convolutions
from camtrap_jax.models.tensor_files import read_tensors, write_tensors
from camtrap_jax.models.torchvision import (
    recognise,
    tensors_of,
    to_torch,
    torchvision_name,
    variables_of,
    without_prefix,
)
from camtrap_jax.store import replaced_file


def convert_weights(source: Path, target: Path, *, overwrite: bool = False) -> str:
    """Writes the network of a file to another one, under torchvision's names, in float32.

    What else the file holds is left out, as are prefixes of the names. The network is recognised by
    names and shapes.

    Args:
      source: `.pth`, `.safetensors` or `.npz`, told apart by content; or ImageNet's convolutions.
      target: the suffix says in which format.
      overwrite: whether a file of another content is replaced.

    Returns:
      What was written, in a few words.

    Raises:
      FileNotFoundError: there is no such source.
      FileExistsError: the target exists with another content.
      ValueError: the source holds no whole VGG-16 or ResNet-50, or the target's suffix is unknown.
    """
    tensors, words = _recognised(source)
    with replaced_file(target, overwrite=overwrite) as fresh:
        write_tensors(fresh, tensors)
    return words


def _recognised(source: Path) -> tuple[Mapping[str, np.ndarray], str]:
    """Returns a file's tensors under torchvision's names, and what they are."""
    tensors = read_tensors(source)
    try:
        if is_imagenet_convolutions(tensors):
            found = convolutions_of(tensors)
            named = {torchvision_name(key): to_torch(key, one) for key, one in found.items()}
            return named, f"vgg16's {len(found) // 2} convolutions, without dense layers"
        tensors = without_prefix(tensors)
        network = recognise(tensors)
        model = make_model(network.name, num_classes=network.num_classes, width=network.width)
        words = f"{network.name} of {network.num_classes} classes, width {network.width:g}"
        return tensors_of(variables_of(model, tensors)), words
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from None
