"""Class activation maps: where on a convolutional map the evidence for a class lies.

All take the activations of a layer, after its ReLU, and the gradient of the target's pre-softmax
logit with respect to them. All return raw values, at least 0: what speaks for the class.
"""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

Maps = Float[Array, "batch h w units"]
Heatmap = Float[Array, "batch h w"]


def grad_cam(maps: Maps, gradients: Maps) -> Heatmap:
    """Weighs each unit by its mean gradient: relu(sum_k mean_ij(gradient_k) map_k).

    Source: Selvaraju et al. 2017, "Grad-CAM", equations 1 and 2.
    """
    return weighted(maps, gradients.mean((1, 2)))


def grad_cam_plus_plus(maps: Maps, gradients: Maps) -> Heatmap:
    """Weighs each unit by the positive gradients of its cells, each as much as it alone explains.

    The score is the exponential of the logit, as in the paper; that factor, the same for all of an
    image's cells, is left out. Cells whose denominator is 0 have no weight.

    Source: Chattopadhay et al. 2018, "Grad-CAM++", equations 5, 7 and 19.
    """
    square = jnp.square(gradients)
    sums = maps.sum((1, 2), keepdims=True)
    denominator = 2 * square + sums * square * gradients
    alpha = jnp.where(denominator == 0, 0, square / jnp.where(denominator == 0, 1, denominator))
    return weighted(maps, (alpha * jnp.maximum(gradients, 0)).sum((1, 2)))


def hires_cam(maps: Maps, gradients: Maps) -> Heatmap:
    """Multiplies each cell by its own gradient: relu(sum_k gradient_k map_k).

    Source: Draelos & Carin 2020, "Use HiResCAM instead of Grad-CAM", section 3.2; the ReLU is ours.
    """
    return jnp.maximum((gradients * maps).sum(-1), 0)


def layer_cam(maps: Maps, gradients: Maps) -> Heatmap:
    """Multiplies each cell by its own gradient where that is positive; serves early layers, too.

    Source: Jiang et al. 2021, "LayerCAM", equations 5 and 6.
    """
    return (jnp.maximum(gradients, 0) * maps).sum(-1)


def xgrad_cam(maps: Maps, gradients: Maps) -> Heatmap:
    """Weighs each unit by its gradients' mean, to which a cell adds as much as it is active.

    A silent unit has no weight.

    Source: Fu et al. 2020, "Axiom-based Grad-CAM", equation 8; the ReLU is ours.
    """
    sums = maps.sum((1, 2))
    shares = (maps * gradients).sum((1, 2)) / jnp.where(sums == 0, 1, sums)
    return weighted(maps, shares)


CAMS: dict[str, Callable[[Maps, Maps], Heatmap]] = {
    "grad_cam": grad_cam,
    "grad_cam_plus_plus": grad_cam_plus_plus,
    "hires_cam": hires_cam,
    "layer_cam": layer_cam,
    "xgrad_cam": xgrad_cam,
}


def weighted(maps: Maps, weights: Float[Array, "batch units"]) -> Heatmap:
    """Returns relu(sum_k weight_k map_k)."""
    return jnp.maximum(jnp.einsum("bhwk,bk->bhw", maps, weights), 0)


def upsample(
    heatmap: Float[Array, "batch h w"], size: tuple[int, int]
) -> Float[Array, "batch H W"]:
    """Enlarges bilinearly with half-pixel centres, as torch does with `align_corners=False`."""
    return jax.image.resize(heatmap, (len(heatmap), *size), "bilinear", antialias=False)
