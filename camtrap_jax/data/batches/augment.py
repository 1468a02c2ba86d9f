"""From uint8 pixels to normalised images, on the device: inside jit, one key an image."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Key, Real, UInt8

from camtrap_jax.data.batches.resampling import (
    linear_taps,
    resample_by_gathering,
    resample_by_products,
)

MEAN = np.array((0.485, 0.456, 0.406), np.float32)  # of ImageNet, RGB in 0..1
STD = np.array((0.229, 0.224, 0.225), np.float32)
_LUMA = np.array((0.299, 0.587, 0.114), np.float32)  # ITU-R BT.601, as torchvision's greyscale
_LOG_RATIO = float(np.log(4 / 3))  # aspect ratios from 3:4 to 4:3


def normalise(pixels: UInt8[Array, "*batch h w 3"]) -> Float[Array, "*batch h w 3"]:
    """Turns 0..255 into (rgb / 255 - mean) / std with ImageNet's figures."""
    shape = (1,) * (pixels.ndim - 1) + (3,)
    return (pixels.astype(jnp.float32) / 255 - MEAN.reshape(shape)) / STD.reshape(shape)


def augment(
    keys: Key[Array, " batch"],
    pixels: UInt8[Array, "batch h w 3"],
    *,
    size_px: int,
    min_area: float,
    jitter: float,
) -> Float[Array, "batch size size 3"]:
    """Crops, flips and recolours each image at random, and normalises it.

    Args:
      keys: one PRNG key an image.
      pixels: whole frames, 0..255.
      size_px: side of the result.
      min_area: smallest fraction of the frame that a crop keeps; 1 keeps the whole frame.
      jitter: brightness, contrast and saturation are scaled by 1 - jitter .. 1 + jitter.
    """

    def one(key: Array, frame: Array) -> Array:
        crop_key, flip_key, color_key = jax.random.split(key, 3)
        flip = jax.random.bernoulli(flip_key)
        image = random_crop(crop_key, frame, size_px=size_px, min_area=min_area, flip=flip) / 255
        image = color_jitter(color_key, image, strength=jitter)
        return (image - MEAN[None, None]) / STD[None, None]

    return jax.vmap(one)(keys, pixels)


def random_crop(
    key: Key[Array, ""],
    image: Real[Array, "h w 3"],
    *,
    size_px: int,
    min_area: float,
    flip: Bool[Array, ""] | bool = False,
) -> Float[Array, "size size 3"]:
    """Cuts out a random part of random area and aspect ratio and resizes it bilinearly.

    The area is uniform in min_area .. 1 of the image, the ratio log-uniform in 3/4 .. 4/3 as far as
    the image is large enough, the place uniform. Where the part is larger than the result, pixels
    are averaged (antialiasing). `flip` mirrors the result.

    Source: Szegedy et al. 2015, "Going deeper with convolutions".
    """
    area_key, ratio_key, place_key = jax.random.split(key, 3)
    area = jax.random.uniform(area_key, minval=min_area, maxval=1.0)
    # A side must not exceed the image: that bounds the ratio.
    bound = jnp.minimum(_LOG_RATIO, -jnp.log(area))
    ratio = jnp.exp(bound * jax.random.uniform(ratio_key, minval=-1.0, maxval=1.0))
    extent = jnp.stack([jnp.sqrt(area / ratio), jnp.sqrt(area * ratio)])  # height, width; 0..1
    origin = jax.random.uniform(place_key, (2,)) * (1 - extent)
    rows = linear_taps(image.shape[0], size_px, origin[0], extent[0])
    columns = linear_taps(image.shape[1], size_px, origin[1], extent[1])
    columns = jax.tree.map(lambda taps: jnp.where(flip, taps[:, ::-1], taps), columns)
    # A TPU multiplies matrices fast and gathers slowly; elsewhere it is the other way round.
    return jax.lax.platform_dependent(
        image, rows, columns, tpu=resample_by_products, default=resample_by_gathering
    )


def color_jitter(
    key: Key[Array, ""], image: Float[Array, "h w 3"], *, strength: float
) -> Float[Array, "h w 3"]:
    """Scales brightness, then contrast, then saturation by factors uniform in 1 +- strength.

    Values stay in 0..1. The order is fixed; torchvision's is random.
    """
    factors = jax.random.uniform(key, (3,), minval=1 - strength, maxval=1 + strength)
    image = jnp.clip(image * factors[0], 0, 1)
    grey_mean = _mean_grey(image)
    image = jnp.clip(grey_mean + factors[1] * (image - grey_mean), 0, 1)
    red, green, blue = (image[..., channel, None] for channel in range(3))
    grey = _LUMA[0] * red + _LUMA[1] * green + _LUMA[2] * blue
    return jnp.clip(grey + factors[2] * (image - grey), 0, 1)


def _mean_grey(image: Float[Array, "h w 3"]) -> Float[Array, ""]:
    # One product over whole lines: along the three channels XLA's loops on a CPU are not vectors.
    height, width, _ = image.shape
    lines = image.reshape(height, 3 * width)
    weights = np.tile(_LUMA, width) / width
    return jnp.matmul(lines, weights, precision=jax.lax.Precision.HIGHEST).mean()
