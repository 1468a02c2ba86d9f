"""Pooling and BatchNorm against loops in NumPy, against torch, and against JAX's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.test_util import check_grads
from reference import numpy_layers

from camtrap_jax.models.layers import (
    BatchNorm,
    adaptive_average_pool,
    centred_normal,
    convolution,
    max_pool,
)

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


def test_batch_norm_normalises_with_the_batch_and_keeps_the_unbiased_variance():
    rng = np.random.default_rng(0)
    params = {"scale": np.array([1.5, 0.5]), "bias": np.array([0.2, -1.0])}
    mean, var = np.array([0.3, -0.1]), np.array([1.2, 0.7])
    variables = {"params": params, "batch_stats": {"mean": mean, "var": var}}
    variables = jax.tree.map(lambda x: jnp.asarray(x, jnp.float32), variables)
    for _ in range(2):
        x = rng.normal(3, 2, size=(2, 3, 1, 2)).astype(np.float32)
        y, changed = BatchNorm().apply(variables, x, train=True, mutable=["batch_stats"])
        variables = {"params": variables["params"], **changed}
        values = x.astype(np.float64).reshape(6, 2)
        mean = 0.9 * mean + 0.1 * values.sum(0) / 6
        deviations = ((values - values.mean(0)) ** 2).sum(0)
        var = 0.9 * var + 0.1 * deviations / 5
        expected = (values - values.mean(0)) / np.sqrt(deviations / 6 + 1e-5)
        expected = expected * params["scale"] + params["bias"]
        np.testing.assert_allclose(y.reshape(6, 2), expected, atol=1e-5)
        np.testing.assert_allclose(variables["batch_stats"]["mean"], mean, rtol=1e-5)
        np.testing.assert_allclose(variables["batch_stats"]["var"], var, rtol=1e-5)

    y = BatchNorm().apply(variables, x, train=False)
    expected = (values - mean) / np.sqrt(var + 1e-5) * params["scale"] + params["bias"]
    np.testing.assert_allclose(y.reshape(6, 2), expected, atol=1e-5)


def test_initialising_batch_norm_leaves_its_statistics_at_0_and_1():
    x = jnp.asarray(np.random.default_rng(0).normal(5, 3, size=(4, 2, 2, 3)).astype(np.float32))
    variables = BatchNorm().init(jax.random.key(0), x, train=True)
    np.testing.assert_array_equal(variables["batch_stats"]["mean"], np.zeros(3))
    np.testing.assert_array_equal(variables["batch_stats"]["var"], np.ones(3))


def test_one_value_a_channel_gives_a_finite_variance():
    x = jnp.ones((1, 1, 1, 2))
    variables = BatchNorm().init(jax.random.key(0), x, train=True)
    y, changed = BatchNorm().apply(variables, x, train=True, mutable=["batch_stats"])
    np.testing.assert_array_equal(y, np.zeros((1, 1, 1, 2)))
    np.testing.assert_allclose(changed["batch_stats"]["var"], np.full(2, 0.9), rtol=1e-6)


@pytest.mark.parametrize("shape", [(600, 400), (3, 3, 64, 400)])
def test_initial_weights_keep_the_variance_through_a_relu_and_ignore_the_common_mean(shape):
    rng = np.random.default_rng(0)
    weights = np.asarray(centred_normal(jax.random.key(0), shape)).reshape(-1, shape[-1])
    np.testing.assert_allclose(weights.sum(0), 0, atol=1e-4)
    x = np.maximum(rng.normal(size=(500, len(weights))), 0)
    y = x @ weights
    np.testing.assert_allclose(y.var(0).mean(), 1, rtol=0.03)
    np.testing.assert_allclose((x + 10) @ weights, y, atol=1e-3)
