"""Convolutions in few multiplications against JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from camtrap_jax.models import onednn, winograd
from camtrap_jax.models.convolution import convolve

LARGE = (2, 33, 29, 64, 70)  # images, height, width, channels in and out: worth it


def jax_own(x, kernel):
    layout = ("NHWC", "HWIO", "NHWC")
    return lax.conv_general_dilated(x, kernel, (1, 1), ((1, 1), (1, 1)), dimension_numbers=layout)


def with_gradients(convolution):
    def found(x, kernel, cotangent):
        y, pullback = jax.vjp(convolution, x, kernel)
        return y, *pullback(cotangent)

    return found


def drawn(shape, dtype):
    batch, height, width, channels, features = shape
    rng = np.random.default_rng(0)
    shapes = [(batch, height, width, channels), (3, 3, channels, features)]
    x, kernel = (rng.normal(size=shape) for shape in shapes)
    cotangent = rng.normal(size=(batch, height, width, features))
    return [jnp.asarray(part, dtype) for part in (np.maximum(x, 0), kernel, cotangent)]


@pytest.mark.parametrize("at_once", [1, 12, 784], ids=["one by one", "two and a rest", "all"])
@pytest.mark.parametrize("size", [(8, 12), (9, 7), (5, 10), (3, 2)])
def test_it_is_exact_but_for_rounding(monkeypatch, size, at_once):
    def multiply(a, b, *, transpose_a=False):
        return (a.swapaxes(-1, -2) if transpose_a else a) @ b

    monkeypatch.setattr(onednn, "multiply", multiply)
    monkeypatch.setattr(winograd, "_TILES_AT_ONCE", at_once)
    with jax.enable_x64(True):
        x, kernel, cotangent = drawn((5, *size, 3, 4), jnp.float64)
        expected, _, of_kernel = with_gradients(jax_own)(x, kernel, cotangent)
        found = winograd.convolve(x, kernel), winograd.kernel_gradient(x, cotangent)
        for one, other in zip(found, (expected, of_kernel), strict=True):
            assert one.dtype == jnp.float64
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_in_single_precision_a_layer_loses_little(one_device):
    x, kernel, cotangent = drawn((1, 28, 28, 256, 64), jnp.float32)
    with jax.enable_x64(True):
        doubles = [jnp.asarray(part, jnp.float64) for part in (x, kernel, cotangent)]
        expected, _, of_kernel = with_gradients(jax_own)(*doubles)
    found = winograd.convolve(x, kernel), winograd.kernel_gradient(x, cotangent)
    for one, other in zip(found, (expected, of_kernel), strict=True):
        # By the points 0, 1, -1, 2, -2 it would be twice as much.
        np.testing.assert_allclose(one, other, rtol=0, atol=4e-6 * np.abs(other).max())


def calls(x, kernel, stride=1):
    text = jax.jit(lambda x, kernel: convolve(x, kernel, stride)).lower(x, kernel).as_text()
    return [name for name in ("convolution", "matmul") if f"__onednn${name}" in text]


def test_the_networks_convolve_so_where_it_is_worth_it(one_device):
    x, kernel, cotangent = drawn(LARGE, jnp.float32)
    assert calls(x, kernel) == ["matmul"]
    found = jax.jit(with_gradients(lambda x, k: convolve(x, k, 1)))(x, kernel, cotangent)
    expected = with_gradients(jax_own)(x, kernel, cotangent)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=5e-6 * np.abs(other).max())


@pytest.mark.parametrize(
    ("shape", "size", "stride"),
    [
        ((2, 33, 29, 63, 70), 3, 1),  # few channels in
        ((2, 33, 29, 64, 63), 3, 1),  # or out
        ((1, 33, 29, 64, 64), 3, 1),  # few tiles
        (LARGE, 3, 2),
        (LARGE, 5, 1),
    ],
)
def test_elsewhere_they_do_not(one_device, shape, size, stride):
    batch, height, width, channels, features = shape
    x = jnp.zeros((batch, height, width, channels))
    assert calls(x, jnp.zeros((size, size, channels, features)), stride) == ["convolution"]


def test_several_batches_are_convolved_each_by_itself(one_device):
    x, kernel, _ = drawn(LARGE, jnp.float32)
    found = jax.vmap(lambda x: convolve(x, kernel, 1))(jnp.stack([x, -x]))
    for one, sign in zip(found, (1, -1), strict=True):
        expected = jax_own(sign * x, kernel)
        np.testing.assert_allclose(one, expected, rtol=0, atol=5e-6 * np.abs(expected).max())
