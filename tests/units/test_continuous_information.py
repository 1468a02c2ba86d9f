"""Information without bins, against scikit-learn and against a slow version for ties."""

import numpy as np
import pytest
from reference.slow_information import slow_neighbour_information
from sklearn.feature_selection import mutual_info_classif

from camtrap_jax.units import neighbour_information


@pytest.mark.parametrize("k", [1, 3, 7])
def test_equals_sklearn_where_no_responses_are_equal(k):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 160)
    responses = (rng.normal(size=(160, 6)) + 0.5 * labels[:, None] * np.arange(6)).astype("f4")
    got = neighbour_information(responses, labels, num_classes=4, k=k)
    for label in range(4):
        expected = mutual_info_classif(
            responses, labels == label, discrete_features=False, n_neighbors=k, random_state=0
        )
        np.testing.assert_allclose(got[:, label], expected, atol=2e-5)


@pytest.mark.parametrize("k", [1, 3])
def test_equals_the_slow_version_with_ties_and_zeros(k):
    rng = np.random.default_rng(1)
    labels = rng.integers(-1, 3, 90)
    responses = np.maximum(rng.normal(size=(90, 5)) + 0.5 * labels[:, None], 0).astype("f4")
    responses[:, 1] = np.round(responses[:, 1])
    responses[:, 2] = 0
    got = np.asarray(neighbour_information(responses, labels, num_classes=4, k=k))
    used = labels >= 0
    for unit in range(5):
        for label in range(4):
            expected = slow_neighbour_information(responses[used, unit], labels[used] == label, k=k)
            np.testing.assert_allclose(got[unit, label], expected, atol=1e-5)
    assert (got[2] == 0).all()
    assert (got[:, 3] == 0).all()  # no image


def test_few_images_of_a_species_have_fewer_neighbours():
    rng = np.random.default_rng(2)
    labels = np.array([0] * 30 + [1] * 2 + [2])
    responses = rng.normal(size=(33, 3)).astype("f4")
    got = np.asarray(neighbour_information(responses, labels, num_classes=3, k=5))
    # scikit-learn's own distances are inexact here: with so few images it does not build a tree.
    for label in (0, 1):
        for unit in range(3):
            expected = slow_neighbour_information(responses[:, unit], labels == label, k=5)
            np.testing.assert_allclose(got[unit, label], expected, atol=2e-5)
    assert (got[:, 2] == 0).all()  # one image has no neighbour
