"""A network's last dense layer, read without the rest of its weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from jaxtyping import Float
from safetensors import safe_open

from camtrap_jax.models.torchvision import LAST


def load_last_layer(
    path: str | Path,
) -> tuple[Float[np.ndarray, "classes dim"], Float[np.ndarray, " classes"]]:
    """Reads weight and bias of the layer that turns features into logits.

    Args:
      path: `weights.safetensors` of a run, of whichever network.

    Returns:
      Weight and bias, in torch's layout: `logits = features @ weight.T + bias`.

    Raises:
      ValueError: the file is of no network of ours.
    """
    with safe_open(path, "numpy") as tensors:
        names = [name for name in LAST.values() if name in tensors.keys()]  # noqa: SIM118
        if not names:
            raise ValueError(f"{path}: expected a tensor {' or '.join(LAST.values())}")
        weight, bias = names[0], names[0].removesuffix("weight") + "bias"
        return tensors.get_tensor(weight), tensors.get_tensor(bias)
