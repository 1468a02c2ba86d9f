import numpy as np
import pytest
from reference.slow_embedding import slow_mahalanobis
from sklearn.covariance import ledoit_wolf

from camtrap_jax.embedding import (
    energy_score,
    mahalanobis_score,
    max_probability_score,
    neighbour_score,
    shrunk_covariance,
)


def sample(dim=6, num_training=50):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, num_training)
    mix = rng.normal(size=(dim, dim))
    training = rng.normal(size=(num_training, dim)) @ mix + 4 * np.eye(dim)[labels]
    return rng.normal(size=(20, dim)) * 3, training, labels


def test_scores_of_logits_by_hand():
    logits = np.log([[0.7, 0.2, 0.1], [2.0, 2.0, 2.0]])
    np.testing.assert_allclose(max_probability_score(logits), [0.3, 2 / 3])
    np.testing.assert_allclose(energy_score(logits), [0, -np.log(6)], atol=1e-12)


def test_scores_of_logits_survive_large_numbers():
    logits = np.array([[1e4, 0], [-1e4, -1e4]], np.float32)
    np.testing.assert_allclose(max_probability_score(logits), [0, 0.5])
    np.testing.assert_allclose(energy_score(logits), [-1e4, 1e4 - np.log(2)])


@pytest.mark.parametrize("shape", [(300, 8), (20, 40)])
def test_covariance_equals_ledoit_wolf(shape):
    rng = np.random.default_rng(1)
    rows = rng.normal(size=shape) @ np.diag(np.linspace(0.1, 3, shape[1]))
    expected, _ = ledoit_wolf(rows, assume_centered=True)
    np.testing.assert_allclose(shrunk_covariance(rows), expected, rtol=1e-8, atol=1e-10)


@pytest.mark.parametrize("dim", [6, 80])  # fewer and more features than training images
def test_mahalanobis_equals_the_inverse(dim):
    features, training, labels = sample(dim)
    means = np.stack([training[labels == label].mean(axis=0) for label in range(3)])
    covariance = shrunk_covariance(training - means[labels])
    np.testing.assert_allclose(
        mahalanobis_score(features, training, labels),
        slow_mahalanobis(features, training, labels, covariance),
        rtol=1e-5,
    )


def test_mahalanobis_counts_in_standard_deviations():
    rng = np.random.default_rng(0)
    training = rng.normal(size=(20000, 2)) * [1, 10]
    training -= training.mean(axis=0)
    score = mahalanobis_score(np.array([[3.0, 0], [0, 30]]), training, np.zeros(20000, int))
    np.testing.assert_allclose(score, [3, 3], rtol=0.03)


def test_mahalanobis_of_a_point_mass_is_undefined_and_of_a_line_is_not():
    training, labels = np.ones((5, 3)), np.zeros(5, int)
    assert np.isnan(mahalanobis_score(training + 1, training, labels)).all()
    line = np.arange(5.0)[:, None] * [[1, 0, 0]]
    assert np.isfinite(mahalanobis_score(line + 1, line, labels)).all()


@pytest.mark.parametrize("k", [1, 3, 10, 99])
def test_neighbours_equal_a_sort_of_all_distances(k):
    features, training, _ = sample()
    expected = [
        sorted(np.linalg.norm(training - feature, axis=1))[min(k, len(training)) - 1]
        for feature in features
    ]
    np.testing.assert_allclose(neighbour_score(features, training, k=k), expected)


def test_nearest_neighbour_of_a_training_image_is_itself():
    _, training, _ = sample()
    shifted = (training + 1e4).astype(np.float32)
    np.testing.assert_allclose(neighbour_score(shifted, shifted, k=1), 0, atol=1e-4)
