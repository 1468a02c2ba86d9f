import numpy as np
import pytest
from scipy.spatial.distance import cdist

from camtrap_jax.embedding import neighbour_map, perplexity_of, principal_axes


def test_axes_are_the_eigenvectors_of_the_covariance():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(40, 5)) @ np.diag([9.0, 5, 2, 1, 0.5]) + 100
    found, shares = principal_axes(points)
    centred = points - points.mean(axis=0)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    np.testing.assert_allclose(shares, values[::-1] / values.sum())
    expected = centred @ vectors[:, ::-1]
    signs = np.sign((found * expected).sum(axis=0))
    np.testing.assert_allclose(found, expected * signs, atol=1e-9)


def test_many_features_keep_their_distances_as_far_as_the_axes_go():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(600, 3)) @ rng.normal(size=(3, 800))  # three directions
    found, shares = principal_axes(points)
    assert found.shape == (600, 50)
    np.testing.assert_allclose(
        cdist(found[:9], found[:9]), cdist(points[:9], points[:9]), rtol=1e-6
    )
    np.testing.assert_allclose(shares[:3].sum(), 1)


def test_a_map_keeps_clouds_together_and_is_the_same_twice():
    labels = np.repeat(np.arange(3), 15)
    points = np.random.default_rng(0).normal(size=(45, 6)) + 30 * np.eye(6)[labels]
    axes, _ = principal_axes(points)
    found = neighbour_map(axes)
    nearest = (cdist(found, found) + 1e9 * np.eye(45)).argmin(axis=1)
    assert (labels[nearest] == labels).mean() > 0.95
    np.testing.assert_array_equal(neighbour_map(axes), found)
    assert perplexity_of(45) == pytest.approx(44 / 3)
    assert perplexity_of(1000) == 30


@pytest.mark.parametrize(
    "points", [np.ones((6, 4)), np.ones((1, 4)), np.ones((0, 4)), np.arange(3.0)[:, None]]
)
def test_what_cannot_be_laid_out_is_undefined(points):
    axes, shares = principal_axes(points)
    assert axes.shape == (len(points), len(shares))
    assert len(shares) == (1 if len(points) == 3 else 0)
    found = neighbour_map(axes)
    assert found.shape == (len(points), 2)
    assert np.isnan(found).all()


@pytest.mark.parametrize("count", [4, 5, 12])
def test_few_images_and_copies_are_laid_out(count):
    points = np.random.default_rng(0).normal(size=(count, 3))
    points[1] = points[0]
    assert np.isfinite(neighbour_map(principal_axes(points)[0])).all()
