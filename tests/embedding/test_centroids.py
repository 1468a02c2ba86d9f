import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference.slow_embedding import slow_unfamiliarity

from camtrap_jax.embedding import class_centroids, scale_of, unfamiliarity


def sample(dim=7, num_classes=4):
    rng = np.random.default_rng(0)
    labels = rng.integers(-1, num_classes - 1, 90).astype(np.int32)  # the last class is absent
    features = rng.normal(size=(90, dim)).astype(np.float32) + 2 * labels[:, None]
    return features.astype(np.float32), labels, num_classes


def test_centroids_are_means_and_nan_without_images():
    features, labels, num_classes = sample()
    got = np.asarray(class_centroids(features, labels, num_classes=num_classes))
    for label in range(num_classes - 1):
        np.testing.assert_allclose(got[label], features[labels == label].mean(axis=0), rtol=2e-5)
    assert np.isnan(got[-1]).all()


def test_a_left_out_image_may_hold_anything():
    features, labels, num_classes = sample()
    spoiled = np.where(labels[:, None] < 0, np.nan, features)
    np.testing.assert_array_equal(
        class_centroids(features, labels, num_classes=num_classes),
        class_centroids(spoiled, labels, num_classes=num_classes),
    )


def test_scale_is_the_mean_distance_to_the_own_centroid():
    features, labels, num_classes = sample()
    centroids = np.asarray(class_centroids(features, labels, num_classes=num_classes))
    expected = np.mean(
        [np.linalg.norm(f - centroids[y]) for f, y in zip(features, labels, strict=True) if y >= 0]
    )
    np.testing.assert_allclose(scale_of(features, labels, centroids), expected, rtol=1e-5)
    # In units of its own scale, a sample lies 1 away from its centroids on average.
    own = features[labels == 1]
    scale = scale_of(own, np.zeros(len(own), np.int32), centroids[1:2])
    values, _ = unfamiliarity(own, centroids[1:2], scale=scale)
    np.testing.assert_allclose(np.mean(values), 1, rtol=1e-5)


def test_scale_without_images_is_nan():
    assert np.isnan(scale_of(np.ones((3, 2)), np.full(3, -1), np.ones((2, 2))))


@pytest.mark.parametrize("use_jit", [True, False])
def test_unfamiliarity_equals_the_double_loop(use_jit):
    features, labels, num_classes = sample()
    centroids = class_centroids(features, labels, num_classes=num_classes)
    expected, expected_nearest = slow_unfamiliarity(features, centroids, 1.7)
    with jax.disable_jit(not use_jit):
        values, nearest = unfamiliarity(jnp.asarray(features), centroids, scale=1.7)
    np.testing.assert_allclose(values, expected, rtol=1e-5)
    np.testing.assert_array_equal(nearest, expected_nearest)


def test_small_distances_far_from_the_origin_stay_exact():
    rng = np.random.default_rng(0)
    centroids = (1000 + rng.normal(size=(3, 4096))).astype(np.float32)
    features = centroids[[0, 1, 2, 1]].copy()
    features[1:, 0] += np.array([0.125, 0.25, 0.5], np.float32)
    values, nearest = unfamiliarity(features, centroids, scale=1.0)
    offsets = features[:, 0].astype(np.float64) - centroids[[0, 1, 2, 1], 0]
    np.testing.assert_allclose(values, np.abs(offsets), rtol=1e-6)
    np.testing.assert_array_equal(nearest, [0, 1, 2, 1])


def test_no_scale_and_no_centroids_are_undefined():
    features, centroids = np.ones((2, 3), np.float32), np.zeros((2, 3), np.float32)
    assert np.isnan(unfamiliarity(features, centroids, scale=0.0)[0]).all()
    assert np.isinf(unfamiliarity(features, centroids + np.nan, scale=1.0)[0]).all()
