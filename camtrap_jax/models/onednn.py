"""Convolutions and products by oneDNN, which jaxlib for x86 brings but does not use by itself."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from typing import Any, cast

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from camtrap_jax.compilation import is_cpu

_STATUS_RETURNING = 2  # the calls' version, as XLA numbers them
# XLA makes no promise about these calls, so they are made where the tests have seen them.
_JAXLIB_VERSIONS = ("0.10.2",)


def is_served(x: Array) -> bool:
    """Tells whether an array can be given to oneDNN: in single precision, on one device.

    XLA cannot divide the calls among devices; it would have each work on the whole batch. Nor can
    it write programs with such calls to JAX's cache of compiled programs.
    """
    return (
        is_cpu()
        and _has_one_device()
        and not jax.config.values["jax_compilation_cache_dir"]
        and x.dtype == jnp.float32
        and version("jaxlib") in _JAXLIB_VERSIONS
        and (platform.system(), platform.machine()) == ("Linux", "x86_64")
    )


def _has_one_device() -> bool:
    """Tells whether the program is for one device: all there are, or those of `mesh.computing_on`.

    An array's own type is no help: cotangents do not know on which mesh they are.
    """
    mesh = jax.sharding.get_abstract_mesh()
    return (jax.device_count() if mesh.empty else mesh.size) == 1


def convolve(
    x: Float[Array, "b h w c"], kernel: Float[Array, "k k c d"], stride: int
) -> Float[Array, "b rows columns d"]:
    """Convolves maps as `lax.conv_general_dilated` does, padded by half the kernel's size.

    On two cores 1.1 to 1.2 times as fast as XLA's own, and twice where channels are few. It has no
    gradient: `models.convolution` knows that.

    Args:
      x: maps for which `is_served`.
      kernel: square, its size k odd; c channels in, d out.
      stride: px between the positions, the same down and across.
    """
    size = len(kernel)
    rows, columns = (-(-length // stride) for length in x.shape[1:3])
    shape = (len(x), rows, columns, kernel.shape[-1])
    settings = {"onednn_conv_config": _convolution_settings(size, stride)}
    return _call("__onednn$convolution", shape, settings, x, kernel)


def multiply(
    a: Float[Array, "*several rows columns"],
    b: Float[Array, "*several rows_b columns_b"],
    *,
    transpose_a: bool = False,
    transpose_b: bool = False,
) -> Float[Array, "*several m n"]:
    """Multiplies matrices, one or several; it has no gradient.

    Args:
      a: [..., m, k], or [..., k, m] with `transpose_a`; one for which `is_served`.
      b: [..., k, n], or [..., n, k] with `transpose_b`; as many.
      transpose_a: whether a's transpose is multiplied.
      transpose_b: whether b's transpose is.
    """
    rows, columns = a.shape[-1 if transpose_a else -2], b.shape[-2 if transpose_b else -1]
    settings = {"transpose_a": transpose_a, "transpose_b": transpose_b}
    shape = (*a.shape[:-2], rows, columns)
    return _call("__onednn$matmul", shape, {"onednn_matmul_config": settings}, a, b)


def _call(target: str, shape: tuple[int, ...], settings: dict[str, Any], *operands: Array) -> Array:
    call = jax.ffi.ffi_call(
        target,
        jax.ShapeDtypeStruct(shape, operands[0].dtype),
        vmap_method="sequential",
        custom_call_api_version=_STATUS_RETURNING,
        legacy_backend_config=json.dumps(settings),
    )
    return cast(Array, call(*operands))


def _convolution_settings(size: int, stride: int) -> dict[str, Any]:
    """Returns XLA's `OneDnnConvolutionConfig` for maps [b, h, w, c] and a kernel [k, k, c, d]."""
    maps = {"dims": 4, "data": {"batch_dim": 0, "feature_dim": 3, "spatial_dims": [1, 2]}}
    filters = {"input_feature_dim": 2, "output_feature_dim": 3, "spatial_dims": [0, 1]}
    window = {
        "size": [size] * 2,
        "pad_left": [size // 2] * 2,
        "pad_right": [size // 2] * 2,
        "strides": [stride] * 2,
        "window_dilations": [1] * 2,
    }
    return {
        "dims": 4,
        "input": maps,
        "kernel": {"dims": 4, "filter": filters},
        "output": maps,
        "window": window,
        "feature_groups": 1,
    }
