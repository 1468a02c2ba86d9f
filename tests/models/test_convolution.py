"""Convolutions against loops in NumPy, and their gradients against those of JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from reference import numpy_layers

from camtrap_jax.compilation import compiler_options
from camtrap_jax.models.convolution import convolution, convolve

SIZES = [(8, 11), (7, 7), (5, 4)]
# kernel, channels, features: of the kernels of 1, each way to multiply them has its turn.
KERNELS = [(1, 3, 4), (1, 16, 2), (1, 2, 16), (3, 3, 4), (7, 3, 4)]


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("kernel", [1, 3, 7])
def test_convolution_pads_equally_on_both_sides_at_any_stride(kernel, stride):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2, 8, 11, 3)).astype(np.float32)
    weights = rng.normal(size=(kernel, kernel, 3, 4)).astype(np.float32)
    layer = convolution(4, kernel, stride=stride, bias=False, dtype=jnp.float32, name="layer")
    expected, _ = numpy_layers.convolution(
        x.transpose(0, 3, 1, 2), weights.transpose(3, 2, 0, 1), stride=stride, pad=kernel // 2
    )
    y = layer.apply({"params": {"kernel": weights}}, x)
    np.testing.assert_allclose(y, expected.transpose(0, 2, 3, 1), atol=1e-4)


def jax_own(x, kernel, stride):
    pad = len(kernel) // 2
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(
        x, kernel, (stride, stride), ((pad, pad), (pad, pad)), dimension_numbers=layout
    )


@pytest.mark.parametrize("options", [None, compiler_options()], ids=["plain", "as trained"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("shape", KERNELS)
def test_a_convolution_and_its_gradients_equal_those_of_jax(shape, stride, size, options):
    rng = np.random.default_rng(0)
    size_px, channels, features = shape
    with jax.enable_x64(True):
        x = jnp.asarray(rng.normal(size=(2, *size, channels)))
        kernel = jnp.asarray(rng.normal(size=(size_px, size_px, channels, features)))
        expected, their_pullback = jax.vjp(lambda x, k: jax_own(x, k, stride), x, kernel)
        cotangent = jnp.asarray(rng.normal(size=expected.shape))

        def ours(x, kernel, cotangent):
            y, pullback = jax.vjp(lambda x, k: convolve(x, k, stride), x, kernel)
            return y, *pullback(cotangent)

        found = jax.jit(ours, compiler_options=options)(x, kernel, cotangent)
        for one, other in zip(found, (expected, *their_pullback(cotangent)), strict=True):
            assert one.dtype == other.dtype == jnp.float64
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("shape", KERNELS)
def test_in_bfloat16_gradients_have_the_type_of_what_they_belong_to(shape):
    size_px, channels, features = shape
    x = jnp.ones((1, 4, 4, channels), jnp.bfloat16)
    kernel = jnp.ones((size_px, size_px, channels, features), jnp.bfloat16)
    y, pullback = jax.vjp(lambda x, k: convolve(x, k, 2), x, kernel)
    assert [part.dtype for part in (y, *pullback(y))] == [jnp.bfloat16] * 3
