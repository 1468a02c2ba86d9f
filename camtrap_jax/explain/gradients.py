"""Gradients of a logit with respect to the image, averaged over noise or along a path."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

Images = Float[Array, "batch H W 3"]
Gradient = Callable[[Images], Images]  # of what is explained, image by image


def smooth_grad(
    gradient: Gradient, images: Images, *, samples: int, noise: float, seed: int
) -> Images:
    """Averages the gradient over noisy copies of each image.

    All images get the same noise, times their own range: so a map does not depend on the batch.

    Args:
      gradient: from images to gradients.
      images: normalised.
      samples: copies of each image.
      noise: standard deviation, as a fraction of an image's range from its least to its largest
        value.
      seed: of the noise.

    Source: Smilkov et al. 2017, "SmoothGrad", section 2.
    """
    spread = noise * (images.max((1, 2, 3)) - images.min((1, 2, 3)))

    def add(total: Array, key: Array) -> tuple[Array, None]:
        drawn = jax.random.normal(key, images.shape[1:], images.dtype)
        return total + gradient(images + spread[:, None, None, None] * drawn[None]), None

    keys = jax.random.split(jax.random.key(seed), samples)
    total, _ = lax.scan(add, jnp.zeros_like(images), keys)
    return total / samples


def integrated_gradients(gradient: Gradient, images: Images, *, steps: int) -> Images:
    """Integrates the gradient from the mean colour to each image, times the way.

    A map's sum is the change of the logit along that way (completeness), up to the error of the
    integral, by Gauss and Legendre's rule.

    Args:
      gradient: from images to gradients.
      images: normalised; 0 is the mean colour.
      steps: points of the rule.

    Source: Sundararajan et al. 2017, "Axiomatic attribution for deep networks", equation 1.
    """
    points, weights = np.polynomial.legendre.leggauss(steps)  # on -1..1

    def add(total: Array, point: tuple[Array, Array]) -> tuple[Array, None]:
        place, weight = point
        return total + weight * gradient(place * images), None

    rule = jnp.asarray((points + 1) / 2, images.dtype), jnp.asarray(weights / 2, images.dtype)
    total, _ = lax.scan(add, jnp.zeros_like(images), rule)
    return images * total
