import jax
import numpy as np
import pytest

from camtrap_jax.models.initial import centred_normal


@pytest.mark.parametrize("shape", [(600, 400), (3, 3, 64, 400)])
def test_initial_weights_keep_the_variance_through_a_relu_and_ignore_the_common_mean(shape):
    rng = np.random.default_rng(0)
    weights = np.asarray(centred_normal(jax.random.key(0), shape)).reshape(-1, shape[-1])
    np.testing.assert_allclose(weights.sum(0), 0, atol=1e-4)
    x = np.maximum(rng.normal(size=(500, len(weights))), 0)
    y = x @ weights
    np.testing.assert_allclose(y.var(0).mean(), 1, rtol=0.03)
    np.testing.assert_allclose((x + 10) @ weights, y, atol=1e-3)
