"""Convolutions with 3 x 3 kernels, and their gradients, in a quarter of the multiplications.

Tiles of 6 x 6 px, which overlap, and the kernel are transformed to where a convolution is a product
number by number: 36 products of matrices, with a row for each tile and a column for each channel.
Transformed back, a tile gives 4 x 4 px of the result.

Source: Lavin & Gray 2016, "Fast algorithms for convolutional neural networks", F(4x4, 3x3).
"""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float
from numpy.polynomial import polynomial

from camtrap_jax.compilation import materialised
from camtrap_jax.models import onednn

_KERNEL = 3  # px
_STEP = 4  # px from tile to tile
_TILE = _STEP + _KERNEL - 1
# Where the method evaluates its polynomials, besides infinity. In float32 these leave a fourth of
# the error that the customary 0, 1, -1, 2, -2 leave. On choosing them: Barabasz et al. 2020, "Error
# analysis and improving the accuracy of Winograd convolution for deep neural networks".
_POINTS = (0.0, 2 / 3, -2 / 3, 3 / 2, -3 / 2)
_TILES_AT_ONCE = 784  # so many that products are fast, so few that they stay in the cache
_MIN_CHANNELS, _MIN_TILES = 64, 128  # below which the transformations cost more than they save

Maps = Float[Array, "b h w c"]
Convolved = Float[Array, "b h w d"]
Kernel = Float[Array, "3 3 c d"]


def is_worthwhile(x: Maps, kernel: Float[Array, "k k c d"], stride: int) -> bool:
    """Tells whether a convolution can be done this way, and is faster so.

    Args:
      x: maps.
      kernel: square, its size k odd; c channels in, d out.
      stride: px between the positions, the same down and across.
    """
    size, _, *channels = kernel.shape
    num_tiles = len(x) * _tiles_along(x.shape[1]) * _tiles_along(x.shape[2])
    is_large = min(channels) >= _MIN_CHANNELS and num_tiles >= _MIN_TILES
    return onednn.is_served(x) and (size, stride) == (_KERNEL, 1) and is_large


def convolve(x: Maps, kernel: Kernel) -> Convolved:
    """Convolves maps at stride 1, padded by a pixel, as `lax.conv_general_dilated` does.

    In float32 the result is off by 2e-6 to 4e-6 of its largest value, the plain sum by 3e-7.
    It has no gradient: `models.convolution` knows that.

    Args:
      x: maps that `onednn` serves.
      kernel: c channels in, d out.
    """
    _, height, width, channels = x.shape
    kernels = _both_axes(_OF_KERNEL, x) @ materialised(_lines(kernel))
    kernels = kernels.reshape(_TILE**2, channels, -1)

    def of_images(x: Array) -> Array:
        products = onednn.multiply(_transformed_tiles(x), kernels)
        shape = (_TILE, _TILE, len(x), _tiles_along(height), _tiles_along(width), -1)
        products = products.reshape(shape)
        lines = _combined(_OF_PRODUCTS, [products[:, i] for i in range(_TILE)])
        result = _combined(_OF_PRODUCTS, [lines[:, j] for j in range(_TILE)])
        columns, rows, images, down, across, features = result.shape
        result = result.transpose(2, 3, 1, 4, 0, 5)
        return result.reshape(images, down * rows, across * columns, features)

    (groups,), (rest,) = _grouped(x)
    found = lax.map(of_images, groups)
    found = found.reshape(-1, *found.shape[2:])
    if len(rest):
        found = jnp.concatenate([found, of_images(rest)])
    return found[:, :height, :width]


def kernel_gradient(x: Maps, cotangent: Convolved) -> Kernel:
    """Returns the gradient of the kernel that `convolve` took.

    Args:
      x: the maps that were convolved.
      cotangent: of the result.
    """
    channels, features = x.shape[-1], cotangent.shape[-1]

    def of_images(x: Array, cotangent: Array) -> Array:
        results = _transformed_results(cotangent)
        return onednn.multiply(_transformed_tiles(x), results, transpose_a=True)

    def add(total: Array, group: tuple[Array, ...]) -> tuple[Array, None]:
        return total + of_images(*group), None

    groups, rest = _grouped(x, cotangent)
    first = of_images(*rest) if len(rest[0]) else jnp.zeros((_TILE**2, channels, features), x.dtype)
    total, _ = lax.scan(add, first, groups)
    gradient = _both_axes(_OF_KERNEL.T, x) @ materialised(total.reshape(_TILE**2, -1))
    return gradient.reshape(_KERNEL, _KERNEL, channels, features).swapaxes(0, 1)


def _tiles_along(length: int) -> int:
    return -(-length // _STEP)


def _grouped(*maps: Array) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
    """Cuts a batch into groups [groups, images, h, w, channels] and a rest of fewer images.

    All maps must have the same numbers of images, the same heights and widths.
    """
    batch, height, width, _ = maps[0].shape
    at_once = max(1, _TILES_AT_ONCE // (_tiles_along(height) * _tiles_along(width)))
    at_once = min(batch, at_once)
    whole = batch - batch % at_once
    groups = tuple(x[:whole].reshape(-1, at_once, *x.shape[1:]) for x in maps)
    return groups, tuple(x[whole:] for x in maps)


def _transformed_tiles(x: Array) -> Array:
    """Returns the 36 factors of the maps' tiles [36, tiles, channels], columns before rows."""
    return _transformed(x, _OF_TILE, before=1)


def _transformed_results(cotangent: Array) -> Array:
    """Returns what the tiles' results transform to, backwards [36, tiles, channels]."""
    return _transformed(cotangent, _OF_PRODUCTS.T, before=0)


def _transformed(x: Array, weights: np.ndarray, *, before: int) -> Array:
    """Transforms tiles along both axes; the first one starts `before` px outside the maps."""
    size, counts = weights.shape[1], [_tiles_along(length) for length in x.shape[1:3]]
    needed = [(count - 1) * _STEP + size - before for count in counts]
    border = [(before, end - length) for end, length in zip(needed, x.shape[1:3], strict=True)]
    padded = materialised(jnp.pad(x, [(0, 0), *border, (0, 0)]))
    lines = _combined(weights, [_every(padded, i, counts[0], 1) for i in range(size)])
    tiles = _combined(weights, [_every(lines, j, counts[1], 3) for j in range(size)])
    return tiles.reshape(_TILE**2, -1, x.shape[-1])


def _every(x: Array, start: int, count: int, axis: int) -> Array:
    """Returns the same row, or column, of each tile."""
    return lax.slice_in_dim(x, start, start + (count - 1) * _STEP + 1, _STEP, axis)


def _combined(weights: np.ndarray, terms: Sequence[Array]) -> Array:
    """Returns weighted sums of arrays, one for each row of weights, in an axis of their own.

    They are stacked in the program that computes them: a program for each sum, of which a network
    has thousands, takes four times as long to compile.
    """
    zero = jnp.zeros((), terms[0].dtype)
    sums = [
        sum((weight * term for weight, term in zip(row, terms, strict=True) if weight), start=zero)
        for row in weights.astype(zero.dtype)
    ]
    return materialised(jnp.stack(sums))


def _lines(kernel: Array) -> Array:
    """Returns a kernel [9, channels in * out], columns before rows, as tiles are."""
    return kernel.swapaxes(0, 1).reshape(_KERNEL**2, -1)


def _both_axes(weights: np.ndarray, like: Array) -> np.ndarray:
    """Returns the matrix that transforms rows and columns at once, of another array's type."""
    return np.kron(weights, weights).astype(like.dtype)


def _matrices() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Returns the transformations of a line of a tile [6, 6], a kernel [6, 3] and products [4, 6].

    A tile and a kernel are the coefficients of polynomials; their product is known by its values at
    five points and its leading coefficient, of which all three are made (Lavin & Gray 2016, 4.3).
    """
    tile = np.zeros((_TILE, _TILE))
    kernel = np.zeros((_TILE, _KERNEL))
    products = np.zeros((_STEP, _TILE))
    for i, point in enumerate(_POINTS):
        others = [other for other in _POINTS if other != point]
        tile[i, :-1] = polynomial.polyfromroots(others)
        kernel[i] = point ** np.arange(_KERNEL) / np.prod(point - np.array(others))
        products[:, i] = point ** np.arange(_STEP)
    tile[-1] = polynomial.polyfromroots(_POINTS)
    kernel[-1, -1] = products[-1, -1] = 1
    return tile, kernel, products


_OF_TILE, _OF_KERNEL, _OF_PRODUCTS = _matrices()
