"""Square convolutions, with gradients that run at the speed of matrix products on a CPU."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen as nn
from jax import lax
from jaxtyping import Array, Float

from camtrap_jax.compilation import is_cpu, materialised
from camtrap_jax.models import onednn, winograd
from camtrap_jax.models.initial import centred_normal

_LAYOUT = ("NHWC", "HWIO", "NHWC")
_SPREAD = 3  # px; up to which kernels that jump put their gradients where they read

Maps = Float[Array, "b h w c"]
Kernel = Float[Array, "k k c d"]
Convolved = Float[Array, "b rows columns d"]


def convolution(
    features: int, kernel: int, *, stride: int = 1, bias: bool, dtype: jnp.dtype, name: str
) -> nn.Conv:
    """Makes a square convolution padded as torch pads: equally on both sides, at any stride."""
    pad = kernel // 2
    return nn.Conv(
        features,
        (kernel, kernel),
        strides=(stride, stride),
        padding=((pad, pad), (pad, pad)),
        use_bias=bias,
        kernel_init=centred_normal,
        dtype=dtype,
        name=name,
        conv_general_dilated=_for_flax if is_cpu() else None,
    )


def _for_flax(x: Array, kernel: Array, strides: tuple[int, int], *_: Any, **__: Any) -> Array:
    """Takes what Flax gives to `lax.conv_general_dilated`; padding follows from the kernel."""
    return convolve(x, kernel, strides[0])


def convolve(x: Maps, kernel: Kernel, stride: int) -> Convolved:
    """Convolves maps as `lax.conv_general_dilated` does, padded by half the kernel's size.

    The same sums in another order. XLA:CPU makes its gradients of convolutions whose operands it
    transposes with slow loops, or interleaves with zeros; here they are products of matrices that
    lie ready, and convolutions as fast as the forward one.

    Args:
      x: maps.
      kernel: square, its size k odd; c channels in, d out.
      stride: px between the positions, the same down and across.

    Returns:
      Maps [b, ceil(h / stride), ceil(w / stride), d].

    Source: Chellapilla, Puri & Simard 2006, "High performance convolutional neural networks for
    document processing", for convolutions as products of matrices.
    """
    return cast(Array, _convolve(x, kernel, stride))


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def _convolve(x: Array, kernel: Array, stride: int) -> Array:
    return _forward(x, kernel, stride)[0]


def _forward(x: Array, kernel: Array, stride: int) -> tuple[Array, tuple[Array, Array, Any]]:
    if len(kernel) > 1:
        x = materialised(x)
        return _windows(x, kernel, stride), (x, kernel, x.shape)
    seen = materialised(x[:, ::stride, ::stride])
    products = _product(_rows(seen), kernel[0, 0])
    return products.reshape(*seen.shape[:-1], -1), (seen, kernel, x.shape)


def _backward(
    stride: int, residuals: tuple[Array, Array, Any], cotangent: Array
) -> tuple[Array, Array]:
    x, kernel, shape = residuals
    cotangent = materialised(cotangent)
    if len(kernel) == 1:
        return _pointwise_gradient(cotangent, kernel, stride, shape), _outer(x, cotangent)
    kernel_gradient = _windows_gradient(x, kernel, cotangent, stride)
    if stride == 1:
        # Its own transpose is a convolution, too: with the kernel turned by half a circle.
        turned = materialised(kernel[::-1, ::-1].swapaxes(2, 3))
        return _windows(cotangent, turned, 1), kernel_gradient
    if len(kernel) <= _SPREAD:
        return _spread_gradient(cotangent, kernel, stride, shape), kernel_gradient
    return _phased_gradient(cotangent, kernel, stride, shape), kernel_gradient


_convolve.defvjp(_forward, _backward)


def _windows(x: Array, kernel: Array, stride: int) -> Array:
    """Convolves maps with a kernel of several pixels, by the fastest way that there is."""
    if winograd.is_worthwhile(x, kernel, stride):
        return winograd.convolve(x, kernel)
    return (onednn.convolve if onednn.is_served(x) else _lax)(x, kernel, stride)


def _windows_gradient(x: Array, kernel: Array, cotangent: Array, stride: int) -> Array:
    """Returns the gradient of such a kernel."""
    if winograd.is_worthwhile(x, kernel, stride):
        return winograd.kernel_gradient(x, cotangent)
    return jax.linear_transpose(lambda k: _lax(x, k, stride), kernel)(cotangent)[0]


def _lax(x: Array, kernel: Array, stride: int) -> Array:
    pad = (len(kernel) // 2, len(kernel) // 2)
    return lax.conv_general_dilated(x, kernel, (stride,) * 2, (pad, pad), dimension_numbers=_LAYOUT)


def _pointwise_gradient(
    cotangent: Array, kernel: Array, stride: int, shape: tuple[int, ...]
) -> Array:
    """Returns the gradient of the maps under a 1 x 1 kernel."""
    products = _product_with_transpose(_rows(cotangent), kernel[0, 0])
    seen = products.reshape(*cotangent.shape[:-1], -1)
    return _placed(seen, (0, 0), stride, shape)


def _outer(x: Array, cotangent: Array) -> Array:
    """Returns the gradient of a 1 x 1 kernel: transposes nothing, or what is least to transpose."""
    if onednn.is_served(x):
        return onednn.multiply(_rows(x), _rows(cotangent), transpose_a=True)[None, None]
    positions, channels = _rows(x).shape
    features = cotangent.shape[-1]
    if positions * channels <= (positions + channels) * features:
        gradient = _columns(x) @ _rows(cotangent)
    else:
        gradient = materialised(_columns(cotangent) @ _rows(x)).T
    return gradient[None, None]


def _spread_gradient(cotangent: Array, kernel: Array, stride: int, shape: tuple[int, ...]) -> Array:
    """Returns the gradient of the maps: each of the kernel's positions is put where it was read."""
    size, _, channels, features = kernel.shape
    pad = size // 2
    padded = (shape[0], shape[1] + 2 * pad, shape[2] + 2 * pad, channels)
    weights = materialised(kernel.transpose(3, 0, 1, 2).reshape(features, -1))
    products = _product(_rows(cotangent), weights).reshape(
        *cotangent.shape[:-1], size, size, channels
    )
    gradient = jnp.zeros(padded, cotangent.dtype)
    for i in range(size):
        for j in range(size):
            gradient += _placed(products[:, :, :, i, j], (i, j), stride, padded)
    return gradient[:, pad : pad + shape[1], pad : pad + shape[2]]


def _phased_gradient(cotangent: Array, kernel: Array, stride: int, shape: tuple[int, ...]) -> Array:
    """Returns the gradient of the maps: that of each remainder of position / stride as channels.

    Of a remainder it is a convolution of the cotangent with every `stride`-th row and column of the
    kernel. XLA would put zeros between the cotangents, and multiply with them.
    """
    size, _, channels, features = kernel.shape
    chosen = _phases(size, stride).astype(kernel.dtype)
    kernels = jnp.einsum("iry,jsx,yxcd->ijdrsc", chosen, chosen, kernel)
    found = _windows(cotangent, kernels.reshape(*kernels.shape[:2], features, -1), 1)
    batch, rows, columns, _ = found.shape
    found = found.reshape(batch, rows, columns, stride, stride, channels).swapaxes(2, 3)
    found = found.reshape(batch, rows * stride, columns * stride, channels)
    return found[:, : shape[1], : shape[2]]


def _phases(size: int, stride: int) -> np.ndarray:
    """Returns which of a kernel's rows the rows of a phase's kernel are: [rows, stride, size] 0/1.

    Position m * stride + r was read by the kernel's row t for the result's row m - u where
    t = u * stride + r + size // 2.
    """
    reach = -(-(size // 2 + stride - 1) // stride)
    chosen = np.zeros((2 * reach + 1, stride, size), np.float32)
    for u in range(-reach, reach + 1):
        for remainder in range(stride):
            row = u * stride + remainder + size // 2
            if 0 <= row < size:
                chosen[reach - u, remainder, row] = 1
    return chosen


def _product(a: Array, b: Array) -> Array:
    return onednn.multiply(a, b) if onednn.is_served(a) else a @ b


def _product_with_transpose(a: Array, b: Array) -> Array:
    """Multiplies with the transpose of the second matrix."""
    if onednn.is_served(a):
        return onednn.multiply(a, b, transpose_b=True)
    return lax.dot_general(a, b, (((1,), (1,)), ((), ())))


def _placed(x: Array, start: tuple[int, int], stride: int, shape: tuple[int, ...]) -> Array:
    """Puts maps at every `stride`-th position from `start` on, zeros elsewhere."""
    if x.shape[1:3] == shape[1:3]:
        return x
    spread = [
        (first, whole - first - (count - 1) * stride - 1, stride - 1)
        for first, count, whole in zip(start, x.shape[1:3], shape[1:3], strict=True)
    ]
    return lax.pad(x, jnp.zeros((), x.dtype), [(0, 0, 0), *spread, (0, 0, 0)])


def _rows(x: Array) -> Array:
    """Returns maps as a matrix with a row for each position."""
    return x.reshape(-1, x.shape[-1])


def _columns(x: Array) -> Array:
    """Returns maps as a matrix with a column for each position, which lies ready in memory."""
    return materialised(x.transpose(3, 0, 1, 2)).reshape(x.shape[-1], -1)
