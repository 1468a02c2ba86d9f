import numpy as np
import pytest
from reference.slow_embedding import slow_neighbour_shares

from camtrap_jax.embedding import neighbour_score, neighbour_shares, neighbours


def sample(num_images=30, num_training=40):
    rng = np.random.default_rng(0)
    return {
        "features": rng.normal(size=(num_images, 3)) + 50,  # far from the origin
        "training": rng.normal(size=(num_training, 3)) + 50,
        "labels": rng.integers(0, 4, num_training),
        "own": rng.integers(0, 6, (num_images, 2)),
        "others": rng.integers(0, 6, (num_training, 2)),
    }


@pytest.mark.parametrize("k", [1, 7, 100])
@pytest.mark.parametrize("chunk", [1024, 7])
def test_shares_equal_the_loop_over_images(monkeypatch, k, chunk):
    monkeypatch.setattr(neighbours, "CHUNK", chunk)
    s = sample()
    groups = {"groups": s["own"], "training_groups": s["others"]}
    arguments = (s["features"], s["training"], s["labels"])
    found = neighbour_shares(*arguments, k=k, num_classes=5, **groups)
    expected = slow_neighbour_shares(*arguments, k=k, num_classes=5, **groups)
    np.testing.assert_allclose(found, expected)


def test_an_image_does_not_vote_for_itself_or_its_burst():
    points = np.array([[0.0], [0.1], [0.2], [5.0], [9.0]])
    labels = np.array([0, 0, 0, 1, 2])
    bursts = np.array([[0], [0], [0], [1], [2]])
    shares = neighbour_shares(
        points, points, labels, k=1, num_classes=3, groups=bursts, training_groups=bursts
    )
    np.testing.assert_array_equal(shares.argmax(axis=1), [1, 1, 1, 2, 1])


def test_where_all_belong_together_nobody_votes():
    one = np.zeros((3, 1), int)
    shares = neighbour_shares(
        np.eye(3), np.eye(3), np.arange(3), k=2, num_classes=3, groups=one, training_groups=one
    )
    assert np.isnan(shares).all()


def test_the_score_is_the_distance_to_the_kth():
    s = sample()
    distances = np.linalg.norm(s["features"][:, None] - s["training"], axis=2)
    np.testing.assert_allclose(
        neighbour_score(s["features"], s["training"], k=4), np.sort(distances, axis=1)[:, 3]
    )
