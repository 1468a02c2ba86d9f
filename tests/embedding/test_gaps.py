import numpy as np
import pytest
from reference.slow_novelty import slow_gaps

from camtrap_jax.embedding import nearest_gaps, species_moments


def moments(clouds):
    labels = np.repeat(np.arange(len(clouds)), [len(cloud) for cloud in clouds])
    features = np.concatenate(clouds).astype(np.float32)
    return species_moments(features, labels, num_species=len(clouds))


def clouds(sizes, seed):
    rng = np.random.default_rng(seed)
    return [rng.normal(size=(size, 5)) + 2 * rng.normal(size=5) for size in sizes]


def test_gaps_equal_the_loops():
    points, known = clouds([4, 30, 2], 0), clouds([9, 20, 15, 3], 1)
    gaps, nearest = nearest_gaps(moments(points), moments(known))
    expected = slow_gaps(points, known)
    np.testing.assert_allclose(gaps, [gap for gap, _ in expected], rtol=1e-5)
    assert nearest.tolist() == [label for _, label in expected]


@pytest.mark.parametrize("size", [2, 5, 50])
def test_few_images_make_no_gap_wider(size):
    rng = np.random.default_rng(0)
    squares = []
    for _ in range(400):
        pair = [rng.normal(size=(size, 6)), rng.normal(size=(size, 6)) + 3 * np.eye(6)[0]]
        gaps, _ = nearest_gaps(moments(pair[:1]), moments(pair[1:]))
        squares.append(gaps[0] ** 2)
    assert np.mean(squares) == pytest.approx(9, rel=0.05 if size > 2 else 0.12)


def test_what_has_too_few_images_is_undefined():
    points = moments(clouds([1, 8], 0))
    known = species_moments(np.zeros((0, 5)), np.zeros(0, int), num_species=2)
    assert np.isnan(known.means).all()
    gaps, nearest = nearest_gaps(points, known)
    assert np.isnan(gaps).all()
    assert nearest.tolist() == [-1, -1]
    gaps, nearest = nearest_gaps(points, moments(clouds([6, 1], 1)))
    assert np.isnan(gaps).tolist() == [True, False]
    assert nearest.tolist() == [-1, 0]
