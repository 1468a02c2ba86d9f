import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy

from camtrap_jax.evaluation import (
    entropy,
    fit_temperature,
    margin,
    negative_log_likelihood,
    probabilities_of,
)


def sample(temperature=1.0, num_images=4000):
    """Labels drawn from the probabilities of `logits * temperature`."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(num_images, 5))
    gumbel = -np.log(-np.log(rng.random(logits.shape)))
    return (logits * temperature).astype(np.float32), (logits + gumbel).argmax(axis=1)


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_is_found_again(temperature):
    logits, labels = sample(temperature)
    fitted = fit_temperature(logits, labels)
    np.testing.assert_allclose(fitted, temperature, rtol=0.05)
    best = negative_log_likelihood(logits, labels, temperature=fitted)
    for other in (0.97 * fitted, 1.03 * fitted):
        assert best < negative_log_likelihood(logits, labels, temperature=other)


def test_at_the_temperature_the_mean_logit_is_that_of_the_labels():
    """Where the likelihood's derivative vanishes."""
    logits, labels = sample(2.0, num_images=500)
    p = probabilities_of(logits, temperature=fit_temperature(logits, labels))
    own = np.take_along_axis(logits, labels[:, None], axis=1)
    np.testing.assert_allclose((p * logits).sum(axis=1).mean(), own.mean(), rtol=1e-4)


def test_a_faultless_network_has_no_best_temperature():
    assert np.isnan(fit_temperature(np.eye(3), np.arange(3)))
    assert fit_temperature(np.eye(3), np.array([0, 1, 1])) > 0.05


def test_likelihood_by_hand():
    logits = np.log([[0.5, 0.25, 0.25]])
    np.testing.assert_allclose(negative_log_likelihood(logits, np.array([1])), np.log(4))


def test_entropy_and_margin():
    probabilities = np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0.3, 0.2]])
    np.testing.assert_allclose(entropy(probabilities), scipy_entropy(probabilities, axis=1))
    np.testing.assert_allclose(margin(probabilities), [1, 0, 0.2])
    assert margin(np.ones((1, 1)))[0] == 1


def test_without_images_all_is_undefined():
    none, labels = np.zeros((0, 3)), np.zeros(0, int)
    assert np.isnan(fit_temperature(none, labels))
    assert np.isnan(negative_log_likelihood(none, labels))
