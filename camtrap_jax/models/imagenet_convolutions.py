"""VGG-16's thirteen ImageNet convolutions as Caffe trained them and Keras names them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from camtrap_jax.models.vgg import BLOCKS

# They expect RGB 0..255 less these means, without a division.
CAFFE_MEAN = np.array((123.68, 116.779, 103.939), np.float32)
IMAGENET_MEAN = np.array((0.485, 0.456, 0.406), np.float32)
IMAGENET_STD = np.array((0.229, 0.224, 0.225), np.float32)
# Root mean square of their pooled maps on photographs (measured: 7.2).
CAFFE_MAP_RMS = 7.0


def is_imagenet_convolutions(tensors: Mapping[str, np.ndarray]) -> bool:
    """Tells by a name whether tensors are these."""
    return "block1_conv1/kernel" in tensors


def convolutions_of(tensors: Mapping[str, np.ndarray]) -> dict[tuple[str, ...], np.ndarray]:
    """Returns the convolutions as variables of our VGG-16, by flattened key.

    The first layer is rescaled to our normalisation, and the last one to maps of unit size.

    Args:
      tensors: `block1_conv1/kernel` [h, w, in, out], `block1_conv1/bias` and so on.

    Raises:
      ValueError: one is missing.
    """
    new = {}
    for block, (_, count) in enumerate(BLOCKS, start=1):
        for layer in range(1, count + 1):
            for kind in ("kernel", "bias"):
                name = f"block{block}_conv{layer}/{kind}"
                if name not in tensors:
                    raise ValueError(f"expected a tensor {name}, not there")
                new["params", f"conv{block}_{layer}", kind] = tensors[name]
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
