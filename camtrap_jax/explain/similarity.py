"""How alike two maps of the same image are; all take maps in pairs, one pair an image."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.ndimage import gaussian_filter1d

_SIGMA_PX = 1.5
_RADIUS_PX = 5  # a window of 11 px
_C1, _C2 = 0.01**2, 0.03**2  # for maps on 0..1


def spearman(
    a: Float[Array, "images ..."], b: Float[Array, "images ..."]
) -> Float[Array, " images"]:
    """Returns the correlation of the ranks of two maps' values: -1..1, 1 for the same order.

    Equal values share the mean of their ranks. nan where one of the maps has only one value. Pixels
    of the same coarse cell count as often as they are: heatmaps may be compared in their own size.

    Args:
      a: maps of any shape, signed or not; they are compared value by value.
      b: of the same shape.

    Source: Spearman 1904, "The proof and measurement of association between two things".
    """
    ranks_a, ranks_b = _centred_ranks(a), _centred_ranks(b)
    spread = jnp.sqrt(jnp.square(ranks_a).sum(1)) * jnp.sqrt(jnp.square(ranks_b).sum(1))
    correlation = (ranks_a * ranks_b).sum(1) / spread
    return jnp.where(spread > 0, jnp.clip(correlation, -1, 1), jnp.nan)


def ssim(a: Float[Array, "images H W"], b: Float[Array, "images H W"]) -> Float[Array, " images"]:
    """Returns the mean structural similarity of two maps, each scaled to 0..1: at most 1.

    Scaled by its own least and largest value, a map counts by its shape alone. Windows are Gaussian
    (sigma 1.5 px, 11 px wide, biased moments, K1 = 0.01, K2 = 0.03); only whole ones count. nan
    where one of the maps has only one value.

    Args:
      a: maps of at least 11 x 11 px. Enlarge heatmaps of 7 x 7 to the image first, by
        `cam.upsample`; the similarity is then that of the enlarged maps, smooth and so higher.
      b: of the same shape.

    Raises:
      ValueError: maps that are smaller than the window.

    Source: Wang et al. 2004, "Image quality assessment: from error visibility to structural
    similarity". scikit-image has the same with gaussian_weights=True,
    use_sample_covariance=False and data_range=1.
    """
    width = 2 * _RADIUS_PX + 1
    if min(a.shape[1:]) < width:
        raise ValueError(
            f"ssim: expected maps of at least {width} x {width} px, got "
            f"{' x '.join(map(str, a.shape[1:]))}; enlarge them first"
        )
    (x, is_flat_x), (y, is_flat_y) = _scaled(a), _scaled(b)
    mean_x, mean_y = _window_means(x), _window_means(y)
    variances = _window_means(x * x) - mean_x**2 + _window_means(y * y) - mean_y**2
    covariance = _window_means(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    structure = (2 * covariance + _C2) / (variances + _C2)
    return jnp.where(is_flat_x | is_flat_y, jnp.nan, (luminance * structure).mean((1, 2)))


def _centred_ranks(maps: Array) -> Float[Array, "images pixels"]:
    """Returns ranks around 0, which for a map of one value are 0 exactly."""
    flat = jnp.reshape(maps, (len(maps), -1))
    return jax.scipy.stats.rankdata(flat, axis=1) - (flat.shape[1] + 1) / 2


def _scaled(maps: Array) -> tuple[Float[Array, "images H W"], Array]:
    """Returns maps on 0..1, and which have only one value."""
    maps = jnp.asarray(maps, jnp.float32)
    low = maps.min((1, 2), keepdims=True)
    extent = maps.max((1, 2), keepdims=True) - low
    return (maps - low) / jnp.where(extent == 0, 1, extent), (extent == 0)[:, 0, 0]


def _window_means(values: Array) -> Array:
    """Returns the weighted mean of each whole window."""
    rows, columns = (_windows(length) for length in values.shape[1:])
    return jnp.einsum("hr,brw,vw->bhv", rows, values, columns, precision="highest")


def _windows(length: int) -> np.ndarray:
    """Returns the weights of one axis, a row for each whole window."""
    weights = gaussian_filter1d(
        np.eye(length), _SIGMA_PX, axis=0, mode="constant", radius=_RADIUS_PX
    )
    return weights[_RADIUS_PX:-_RADIUS_PX].astype(np.float32)
