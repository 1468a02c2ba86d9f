import numpy as np
import pytest
from reference.slow_evaluation import slow_calibration_error
from sklearn.calibration import calibration_curve

from camtrap_jax.evaluation import (
    calibration_gaps,
    errors_of_chance,
    expected_calibration_error,
    probabilities_of,
    reliability,
)


def sample(num_images):
    """Labels drawn from the probabilities themselves: a calibrated network."""
    rng = np.random.default_rng(0)
    logits = 2 * rng.normal(size=(num_images, 5))
    gumbel = -np.log(-np.log(rng.random(logits.shape)))
    return probabilities_of(logits), (logits + gumbel).argmax(axis=1)


@pytest.mark.parametrize("num_bins", [1, 10, 15])
def test_calibration_error_equals_the_loop_over_bins(num_bins):
    probabilities, labels = sample(300)
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


@pytest.mark.parametrize("num_bins", [4, 15])
def test_bins_equal_those_of_sklearn(num_bins):
    probabilities, labels = sample(400)
    found = reliability(probabilities, labels, num_bins=num_bins)
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    right, stated = calibration_curve(hit, confidence, n_bins=num_bins)
    full = found.images > 0
    np.testing.assert_allclose(found.confidence[full], stated)
    np.testing.assert_allclose(found.correct[full] / found.images[full], right)
    assert found.images.sum() == 400
    assert np.isnan(found.confidence[~full]).all()
    np.testing.assert_allclose(np.diff(found.edges), 1 / num_bins)


def test_bins_gaps_and_error_tell_the_same():
    probabilities, labels = sample(400)
    found = reliability(probabilities, labels)
    sums = np.nan_to_num(found.confidence) * found.images - found.correct
    np.testing.assert_allclose(calibration_gaps(probabilities, labels).sum(axis=0), sums)
    error = expected_calibration_error(probabilities, labels)
    np.testing.assert_allclose(error, np.abs(sums).sum() / 400)


def test_a_calibrated_network_errs_as_chance_does():
    """The errors of new labels for the same images are the distribution that chance gives."""
    rng = np.random.default_rng(1)
    probabilities, _ = sample(300)
    redrawn = [
        expected_calibration_error(
            probabilities, (np.log(probabilities) + rng.gumbel(size=(300, 5))).argmax(axis=1)
        )
        for _ in range(400)
    ]
    by_chance = errors_of_chance(probabilities, rounds=2000)
    quantiles = [0.05, 0.5, 0.95]
    np.testing.assert_allclose(
        np.quantile(by_chance, quantiles), np.quantile(redrawn, quantiles), rtol=0.08
    )


def test_a_certain_network_has_no_chance_to_err():
    np.testing.assert_allclose(errors_of_chance(np.eye(4), rounds=7), 0, atol=1e-12)


def test_without_images_all_is_undefined():
    none, labels = np.zeros((0, 3)), np.zeros(0, int)
    assert np.isnan(expected_calibration_error(none, labels))
    assert np.isnan(errors_of_chance(none, rounds=3)).all()
    assert reliability(none, labels).images.sum() == 0
