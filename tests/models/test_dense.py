import jax
import jax.numpy as jnp
import numpy as np
import pytest

from camtrap_jax.compilation import compiler_options
from camtrap_jax.models.dense import dense


@pytest.mark.parametrize("batch", [1, 3, 40])
@pytest.mark.parametrize("options", [None, compiler_options()], ids=["plain", "as trained"])
def test_a_dense_layer_and_its_gradients_equal_a_product_of_matrices(options, batch):
    rng = np.random.default_rng(0)
    x, weights = rng.normal(size=(batch, 7)), rng.normal(size=(7, 5))
    bias, cotangent = rng.normal(size=5), rng.normal(size=(batch, 5))
    with jax.enable_x64(True):
        layer = dense(5, dtype=jnp.float64)

        def forward(x, weights, bias):
            return layer.apply({"params": {"kernel": weights, "bias": bias}}, x)

        def both(x, weights, bias, cotangent):
            y, pullback = jax.vjp(forward, x, weights, bias)
            return y, *pullback(cotangent)

        found = jax.jit(both, compiler_options=options)(x, weights, bias, cotangent)
    expected = (x @ weights + bias, cotangent @ weights.T, x.T @ cotangent, cotangent.sum(0))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
