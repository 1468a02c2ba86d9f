"""Species as points in feature space."""

from __future__ import annotations

from functools import partial

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int


@partial(jax.jit, static_argnames=("num_classes",))
def class_centroids(
    features: Float[Array, "images dim"], labels: Int[Array, " images"], *, num_classes: int
) -> Float[Array, "classes dim"]:
    """Mean feature vector of each class.

    Args:
      features: one vector per image.
      labels: class indices; images labelled outside 0..num_classes - 1 (such as -1) are left out.
      num_classes: number of rows of the result.

    Returns:
      One centroid per class, nan throughout for a class without images.
    """

    # Not a segment_sum: its order of additions, and so the last digits, vary on a GPU.
    def mean_of(label: Int[Array, ""]) -> Float[Array, " dim"]:
        return features.mean(axis=0, where=(labels == label)[:, None])

    return jax.lax.map(mean_of, jnp.arange(num_classes))


@jax.jit
def scale_of(
    features: Float[Array, "images dim"],
    labels: Int[Array, " images"],
    centroids: Float[Array, "classes dim"],
) -> Float[Array, ""]:
    """Mean Euclidean distance between the images and the centroids of their own classes.

    Images labelled outside the centroids (such as -1) are left out; nan when none is left.
    """
    used = (labels >= 0) & (labels < centroids.shape[0])
    own = centroids[jnp.where(used, labels, 0)]
    distances = jnp.sqrt(jnp.square(features - own).sum(axis=1))
    return jnp.where(used, distances, 0.0).sum() / used.sum()


@jax.jit
def unfamiliarity(
    features: Float[Array, "images dim"], centroids: Float[Array, "classes dim"], *, scale: float
) -> tuple[Float[Array, " images"], Int[Array, " images"]]:
    """Relative unfamiliarity: distance to the closest centroid, in units of `scale`.

    `min_k ||f - c_k|| / scale`, from exact differences: the expansion ||f||^2 - 2fc + ||c||^2
    would lose an image close to its centroid in rounding.

    Args:
      features: one vector per image.
      centroids: one per known species; those that are nan (no images) are passed over.
      scale: `scale_of` the sample behind the centroids.

    Returns:
      Unfamiliarity, at least 0 and larger = less familiar, and the index of the nearest centroid
      (the lower of equals). nan where `scale` is 0; infinite where every centroid is nan.

    Source:
      Miao et al. 2019 describe the distance; the scale is ours.
    """
    missing = jnp.isnan(centroids).any(axis=1)

    def distances_to(centroid: Float[Array, " dim"]) -> Float[Array, " images"]:
        return jnp.sqrt(jnp.square(features - centroid[None]).sum(axis=1))

    distances = jax.lax.map(distances_to, centroids)
    distances = jnp.where(missing[:, None], jnp.inf, distances)
    scaled = jnp.where(scale > 0, distances.min(axis=0) / scale, jnp.nan)
    return scaled, distances.argmin(axis=0)
