import numpy as np
import pytest
from reference.slow_evaluation import slow_calibration_error
from scipy.stats import entropy as scipy_entropy

from camtrap_jax.evaluation import (
    entropy,
    expected_calibration_error,
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


@pytest.mark.parametrize("num_bins", [1, 10, 15])
def test_calibration_error_equals_the_loop_over_bins(num_bins):
    logits, labels = sample(num_images=300)
    probabilities = probabilities_of(logits)
    probabilities[0] = [1, 0, 0, 0, 0]  # the uppermost edge
    probabilities[1] = [0.6, 0.4, 0, 0, 0]  # on an edge of 10 and of 15 bins
    np.testing.assert_allclose(
        expected_calibration_error(probabilities, labels, num_bins=num_bins),
        slow_calibration_error(probabilities, labels, num_bins),
        atol=1e-12,
    )


def test_calibration_error_in_closed_form():
    uniform = np.full((10, 5), 0.2)
    labels = np.arange(10) % 5  # argmax takes class 0: right for a fifth
    np.testing.assert_allclose(expected_calibration_error(uniform, labels), 0, atol=1e-12)
    np.testing.assert_allclose(expected_calibration_error(uniform, np.ones(10, int)), 0.2)
    sure = np.eye(5)[labels]
    assert expected_calibration_error(sure, labels) == 0
    assert expected_calibration_error(sure, (labels + 1) % 5) == 1


@pytest.mark.parametrize("temperature", [0.4, 1.0, 3.0])
def test_temperature_is_found_again(temperature):
    logits, labels = sample(temperature)
    fitted = fit_temperature(logits, labels)
    np.testing.assert_allclose(fitted, temperature, rtol=0.05)
    best = negative_log_likelihood(logits, labels, temperature=fitted)
    for other in (0.97 * fitted, 1.03 * fitted):
        assert best < negative_log_likelihood(logits, labels, temperature=other)


def test_temperature_of_a_faultless_network_is_the_lowest():
    np.testing.assert_allclose(fit_temperature(np.eye(3), np.arange(3)), 0.05, rtol=1e-3)
    assert fit_temperature(99 * np.eye(3), np.arange(3)) < 1


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
    assert np.isnan(expected_calibration_error(none, labels))
    assert np.isnan(fit_temperature(none, labels))
    assert np.isnan(negative_log_likelihood(none, labels))
