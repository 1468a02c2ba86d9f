"""Convolutions against loops in NumPy, and their gradients against those of JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from reference import numpy_layers

from camtrap_jax.compilation import compiler_options
from camtrap_jax.mesh import computing_on, make_mesh
from camtrap_jax.models import onednn
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


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("shape", KERNELS)
def test_with_one_device_they_equal_those_of_jax_in_double_precision(
    shape, stride, size, one_device
):
    rng = np.random.default_rng(0)
    size_px, channels, features = shape
    x = rng.normal(size=(2, *size, channels))
    kernel = rng.normal(size=(size_px, size_px, channels, features))
    with jax.enable_x64(True):
        expected, pullback = jax.vjp(
            lambda x, k: jax_own(x, k, stride), jnp.asarray(x), jnp.asarray(kernel)
        )
        cotangent = rng.normal(size=expected.shape)
        expected = (expected, *pullback(jnp.asarray(cotangent)))

    @jax.jit
    def ours(x, kernel, cotangent):
        y, pullback = jax.vjp(lambda x, k: convolve(x, k, stride), x, kernel)
        return y, *pullback(cotangent)

    singles = [jnp.asarray(part, jnp.float32) for part in (x, kernel, cotangent)]
    assert "__onednn$" in ours.lower(*singles).as_text()
    for one, other in zip(ours(*singles), expected, strict=True):
        assert one.dtype == jnp.float32
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6 * np.abs(other).max())


def test_onednn_convolves_each_batch_of_several(one_device):
    rng = np.random.default_rng(0)
    x = jnp.asarray(rng.normal(size=(3, 2, 6, 7, 4)), jnp.float32)
    kernel = jnp.asarray(rng.normal(size=(3, 3, 4, 5)), jnp.float32)
    found = jax.vmap(lambda x: convolve(x, kernel, 1))(x)
    for one, batch in zip(found, x, strict=True):
        np.testing.assert_allclose(one, jax_own(batch, kernel, 1), rtol=1e-5, atol=1e-5)


def is_done_by_onednn():
    x, kernel = jnp.ones((2, 6, 6, 4)), jnp.ones((3, 3, 4, 4))
    return "__onednn$" in jax.jit(lambda x: convolve(x, kernel, 1)).lower(x).as_text()


def test_among_several_devices_xla_convolves():
    assert jax.device_count() > 1
    assert not is_done_by_onednn()


@pytest.mark.parametrize(("count", "expected"), [(1, True), (2, False), (4, False)])
def test_a_program_for_one_of_several_devices_is_one_of_a_single_device(count, expected, no_cache):
    with computing_on(make_mesh(jax.devices()[:count])):
        assert is_done_by_onednn() == expected
    assert not is_done_by_onednn()


def test_programs_that_are_kept_on_disk_have_no_calls_of_onednn(one_device):
    assert is_done_by_onednn()
    jax.config.update("jax_compilation_cache_dir", "/nowhere")
    assert not is_done_by_onednn()


def test_a_jaxlib_that_no_test_has_seen_convolves_by_itself(one_device, monkeypatch):
    monkeypatch.setattr(onednn, "version", lambda package: "99.0")
    assert not is_done_by_onednn()


@pytest.mark.parametrize("shape", KERNELS)
def test_in_bfloat16_gradients_have_the_type_of_what_they_belong_to(shape):
    size_px, channels, features = shape
    x = jnp.ones((1, 4, 4, channels), jnp.bfloat16)
    kernel = jnp.ones((size_px, size_px, channels, features), jnp.bfloat16)
    y, pullback = jax.vjp(lambda x, k: convolve(x, k, 2), x, kernel)
    assert [part.dtype for part in (y, *pullback(y))] == [jnp.bfloat16] * 3
