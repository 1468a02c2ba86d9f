"""Class activation maps: where on the last convolutional map the evidence for a class lies."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def grad_cam(
    maps: Float[Array, "batch h w units"], gradients: Float[Array, "batch h w units"]
) -> Float[Array, "batch h w"]:
    """Weighs each unit by its mean gradient and keeps what speaks for the class.

    Args:
      maps: activations of the last convolutional layer, after its ReLU.
      gradients: of the target's pre-softmax logit with respect to `maps`.

    Returns:
      relu(sum_k mean_ij(gradient_k) * map_k), raw: at least 0, in units of the logit.

    Source: Selvaraju et al. 2017, "Grad-CAM", equations 1 and 2.
    """
    weights = gradients.mean((1, 2))
    return jnp.maximum(jnp.einsum("bhwk,bk->bhw", maps, weights), 0)


def upsample(
    heatmap: Float[Array, "batch h w"], size: tuple[int, int]
) -> Float[Array, "batch H W"]:
    """Enlarges bilinearly with half-pixel centres, as torch does with `align_corners=False`."""
    return jax.image.resize(heatmap, (len(heatmap), *size), "bilinear", antialias=False)
