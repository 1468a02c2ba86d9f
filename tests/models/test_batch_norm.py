"""BatchNorm against the definition in NumPy, and its gradient against that of its parts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from camtrap_jax.compilation import compiler_options
from camtrap_jax.models.batch_norm import BatchNorm, normalise_batch


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


def in_parts(x, scale, bias):
    """Normalises with operations that JAX knows how to differentiate."""
    axes = (0, 1, 2)
    centred = x - x.mean(axes, keepdims=True)
    deviation = jnp.sqrt(jnp.square(centred).mean(axes, keepdims=True) + 1e-5)
    return centred / deviation * scale[None, None, None] + bias[None, None, None]


@pytest.mark.parametrize("options", [None, compiler_options()], ids=["plain", "as trained"])
@pytest.mark.parametrize("mean", [0.0, 3.0, 1000.0])
def test_its_gradient_is_that_of_its_parts(mean, options):
    rng = np.random.default_rng(0)
    with jax.enable_x64(True):
        x = jnp.asarray(rng.normal(mean, 2.0, (3, 4, 5, 6)))
        scale, bias = jnp.asarray(rng.normal(size=(2, 6)))
        cotangent = jnp.asarray(rng.normal(size=x.shape))
        expected, their_pullback = jax.vjp(in_parts, x, scale, bias)

        def ours(x, scale, bias, cotangent):
            forward = lambda *given: normalise_batch(*given, 1e-5)[0]  # noqa: E731
            y, pullback = jax.vjp(forward, x, scale, bias)
            return y, *pullback(cotangent)

        found = jax.jit(ours, compiler_options=options)(x, scale, bias, cotangent)
        for one, other in zip(found, (expected, *their_pullback(cotangent)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)


def test_statistics_have_no_gradient():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(2, 3, 3, 2)).astype(np.float32))

    def statistics(x):
        _, mean, var = normalise_batch(x, jnp.ones(2), jnp.zeros(2), 1e-5)
        return (mean + var).sum()

    np.testing.assert_array_equal(jax.grad(statistics)(x), np.zeros(x.shape))


@pytest.mark.parametrize("share", [1, 3.5, 4.5, 1e3])
def test_a_mean_that_is_large_beside_the_deviation_costs_no_digits(share):
    """A difference of squares alone would be wrong by per cents, or negative, at the last."""
    rng = np.random.default_rng(0)
    x = rng.normal(share, 1, (4, 16, 16, 3)).astype(np.float32)
    x[..., 1:] = rng.normal(size=(4, 16, 16, 2))  # a single channel of three is enough
    _, mean, var = jax.jit(lambda x: normalise_batch(x, jnp.ones(3), jnp.zeros(3), 1e-5))(x)
    np.testing.assert_allclose(mean, x.astype(np.float64).mean((0, 1, 2)), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(var, x.astype(np.float64).var((0, 1, 2)), rtol=3e-5)


def test_in_bfloat16_the_statistics_are_single_precision():
    x = jnp.asarray(np.random.default_rng(0).normal(4, 1, (8, 16, 16, 2)), jnp.bfloat16)
    variables = BatchNorm(dtype=jnp.bfloat16).init(jax.random.key(0), x, train=True)

    def forward(x):
        return BatchNorm(dtype=jnp.bfloat16).apply(
            variables, x, train=True, mutable=["batch_stats"]
        )

    y, pullback, changed = jax.vjp(forward, x, has_aux=True)
    assert y.dtype == pullback(y)[0].dtype == jnp.bfloat16
    var = changed["batch_stats"]["var"]
    assert var.dtype == jnp.float32
    exact = np.asarray(x, np.float64).var((0, 1, 2), ddof=1)
    np.testing.assert_allclose(var, 0.9 + 0.1 * exact, rtol=1e-5)
