"""Where both networks' trunks can be cut: into layers, and coarser into stages."""

from __future__ import annotations

import re

NUM_STAGES = 5  # VGG's blocks of convolutions; ResNet's stem and its four stages of blocks
_NUMBERED = re.compile(r"(conv|layer)(\d)_\d+")


def stage_of(layer: str) -> int:
    """Returns the stage that a layer is in, from 0; `NUM_STAGES` for those of the head.

    Args:
      layer: the first part of a parameter's name: `conv4_2`, `layer3_0`, `bn1`, `fc8`.

    Raises:
      ValueError: neither network has such a layer.
    """
    numbered = _NUMBERED.fullmatch(layer)
    if numbered:
        kind, number = numbered.groups()
        return int(number) - (kind == "conv")
    if layer in ("conv1", "bn1"):
        return 0
    if layer.startswith("fc"):
        return NUM_STAGES
    raise ValueError(f"{layer}: expected a layer of vgg16 or resnet50")
