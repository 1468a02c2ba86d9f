"""VGG-16 and ResNet-50 in Flax Linen, with torchvision's structure and weights."""

from __future__ import annotations

import jax.numpy as jnp

from camtrap_jax.models.last_layer import load_last_layer
from camtrap_jax.models.output import Output
from camtrap_jax.models.resnet import ResNet50
from camtrap_jax.models.vgg import VGG16
from camtrap_jax.models.weights import load_weights, save_weights

__all__ = ["Network", "Output", "load_last_layer", "load_weights", "make_model", "save_weights"]

Network = VGG16 | ResNet50


def make_model(
    name: str,
    *,
    num_classes: int,
    width: float = 1.0,
    dropout: float = 0.5,
    dense_scale: float = 0.5,
    dtype: jnp.dtype = jnp.float32,
) -> Network:
    """Makes a network for square or other images of any size from 32 px.

    Args:
      name: `vgg16` or `resnet50`.
      num_classes: length of the logits.
      width: multiplies every layer's number of channels; 1 is the published network.
      dropout: on VGG's hidden dense layers; ResNet-50 has none.
      dense_scale: size of the initial weights of VGG's hidden dense layers, as a fraction of those
        that keep the activations' variance; with less, less of them is left in the features.
      dtype: of the computation; parameters stay float32.

    Raises:
      ValueError: another name.
    """
    if name == "vgg16":
        return VGG16(
            num_classes, width=width, dropout=dropout, dense_scale=dense_scale, dtype=dtype
        )
    if name == "resnet50":
        return ResNet50(num_classes, width=width, dtype=dtype)
    raise ValueError(f"model.name: expected vgg16 or resnet50, got {name!r}")
