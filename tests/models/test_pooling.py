"""Pooling against loops in NumPy, against torch, and against JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.test_util import check_grads
from reference import numpy_layers

from camtrap_jax.models.pooling import adaptive_average_pool, max_pool

WINDOWS = [(2, 2, 0), (3, 2, 1)]
SIZES = [(4, 4), (5, 7), (6, 9), (2, 3)]


def pooling_case(size, *, ties):
    rng = np.random.default_rng(0)
    shape = (2, *size, 3)
    x = rng.integers(0, 2, shape) if ties else rng.permutation(np.prod(shape)).reshape(shape)
    return x.astype(np.float32), rng


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("window", WINDOWS)
def test_max_pool_and_its_gradient_equal_loops(window, size, ties):
    x, rng = pooling_case(size, ties=ties)
    pooled, pullback = jax.vjp(lambda x: max_pool(x, *window), jnp.asarray(x))
    cotangent = rng.normal(size=pooled.shape).astype(np.float32)
    expected, backward = numpy_layers.max_pool(
        x.transpose(0, 3, 1, 2), window=window[0], stride=window[1], pad=window[2]
    )
    np.testing.assert_array_equal(pooled, expected.transpose(0, 2, 3, 1))
    gradient = backward(cotangent.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(pullback(jnp.asarray(cotangent))[0], gradient, rtol=1e-6)


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("window", WINDOWS)
def test_max_pool_gives_ties_to_the_same_cell_as_torch(window, size, ties):
    torch = pytest.importorskip("torch")
    x, rng = pooling_case(size, ties=ties)
    pooled, pullback = jax.vjp(lambda x: max_pool(x, *window), jnp.asarray(x))
    cotangent = rng.normal(size=pooled.shape).astype(np.float32)
    leaf = torch.tensor(x.transpose(0, 3, 1, 2).copy(), requires_grad=True)
    theirs = torch.nn.functional.max_pool2d(leaf, window[0], window[1], window[2])
    theirs.backward(torch.tensor(cotangent.transpose(0, 3, 1, 2).copy()))
    np.testing.assert_array_equal(pooled, theirs.detach().numpy().transpose(0, 2, 3, 1))
    gradient = leaf.grad.numpy().transpose(0, 2, 3, 1)
    np.testing.assert_allclose(pullback(jnp.asarray(cotangent))[0], gradient, rtol=1e-6)


@pytest.mark.parametrize("window", WINDOWS)
def test_without_ties_max_pool_has_the_gradient_of_select_and_scatter(window):
    x, rng = pooling_case((7, 10), ties=False)
    size, stride, pad = window

    def jax_own(x):
        # A shorthand for the maximum that JAX knows how to differentiate by itself.
        edges = ((0, 0), (pad, pad), (pad, pad), (0, 0))
        shape, strides = (1, size, size, 1), (1, stride, stride, 1)
        return lax.reduce_window(x, -jnp.inf, lax.max, shape, strides, edges)

    expected, their_pullback = jax.vjp(jax_own, jnp.asarray(x))
    pooled, pullback = jax.vjp(lambda x: max_pool(x, *window), jnp.asarray(x))
    cotangent = jnp.asarray(rng.normal(size=pooled.shape).astype(np.float32))
    np.testing.assert_array_equal(pooled, expected)
    np.testing.assert_allclose(pullback(cotangent)[0], their_pullback(cotangent)[0], rtol=1e-6)


@pytest.mark.parametrize("window", WINDOWS)
def test_max_pool_has_the_numerical_gradient(window):
    x, _ = pooling_case((5, 6), ties=False)
    check_grads(lambda x: max_pool(x, *window), (jnp.asarray(x),), order=1, modes=["rev"], eps=0.1)


@pytest.mark.parametrize("height", range(1, 10))
def test_adaptive_average_pool_and_its_gradient_equal_loops(height):
    rng = np.random.default_rng(height)
    x = rng.normal(size=(2, height, 10 - height, 3)).astype(np.float32)
    cotangent = rng.normal(size=(2, 7, 7, 3)).astype(np.float32)
    pooled, pullback = jax.vjp(lambda x: adaptive_average_pool(x, 7), jnp.asarray(x))
    expected, backward = numpy_layers.adaptive_average_pool(x.transpose(0, 3, 1, 2), 7)
    np.testing.assert_allclose(pooled, expected.transpose(0, 2, 3, 1), atol=1e-6)
    gradient = backward(cotangent.transpose(0, 3, 1, 2)).transpose(0, 2, 3, 1)
    np.testing.assert_allclose(pullback(jnp.asarray(cotangent))[0], gradient, atol=1e-5)


@pytest.mark.parametrize("height", range(1, 10))
def test_adaptive_average_pool_equals_torch(height):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(height).normal(size=(2, height, 14, 3)).astype(np.float32)
    theirs = torch.nn.functional.adaptive_avg_pool2d(torch.tensor(x).permute(0, 3, 1, 2), 7)
    pooled = adaptive_average_pool(jnp.asarray(x), 7)
    np.testing.assert_allclose(pooled, theirs.permute(0, 2, 3, 1), atol=1e-6)


def test_adaptive_average_pool_leaves_a_map_of_the_right_size_bit_for_bit():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(1, 7, 7, 2)).astype(np.float32))
    np.testing.assert_array_equal(adaptive_average_pool(x, 7), x)
