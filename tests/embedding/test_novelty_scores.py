import numpy as np
import pytest
from reference.slow_novelty import slow_squares, slow_vim
from scipy.stats import ortho_group
from sklearn.covariance import ledoit_wolf

from camtrap_jax.embedding import (
    choose_principal_dim,
    energy_score,
    gaussian_scores,
    mahalanobis_scores,
    max_logit_score,
    max_probability_score,
    neighbour_score,
    neighbours,
    shrunk_covariance,
    virtual_logit,
    virtual_logit_score,
)


def sample(dim=6, num_training=50):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, num_training)
    mix = rng.normal(size=(dim, dim))
    training = rng.normal(size=(num_training, dim)) @ mix + 4 * np.eye(dim)[labels]
    return rng.normal(size=(20, dim)) * 3, training, labels


def head(dim=6, num_classes=3):
    rng = np.random.default_rng(1)
    return {"weight": rng.normal(size=(num_classes, dim)), "bias": rng.normal(size=num_classes)}


def vim(features, training, layer, principal_dim=3):
    logits, training_logits = (f @ layer["weight"].T + layer["bias"] for f in (features, training))
    return virtual_logit_score(
        features, logits, training, training_logits, **layer, principal_dim=principal_dim
    )


def test_scores_of_logits_by_hand():
    logits = np.log([[0.7, 0.2, 0.1], [2.0, 2.0, 2.0]])
    np.testing.assert_allclose(max_probability_score(logits), [0.3, 2 / 3])
    np.testing.assert_allclose(max_logit_score(logits), [-np.log(0.7), -np.log(2)])
    np.testing.assert_allclose(energy_score(logits), [0, -np.log(6)], atol=1e-12)


def test_scores_of_logits_survive_large_numbers():
    logits = np.array([[1e4, 0], [-1e4, -1e4]], np.float32)
    np.testing.assert_allclose(max_probability_score(logits), [0, 0.5])
    np.testing.assert_allclose(max_logit_score(logits), [-1e4, 1e4])
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
    within, _ = ledoit_wolf(training - means[labels], assume_centered=True)
    around, _ = ledoit_wolf(training)
    distance, relative = mahalanobis_scores(features, training, labels)
    of_class = slow_squares(features, training, labels, within)
    background = slow_squares(features, training, np.zeros(50), around)
    np.testing.assert_allclose(distance, np.sqrt(of_class), rtol=1e-5)
    np.testing.assert_allclose(relative, of_class - background, rtol=1e-5)


def test_mahalanobis_counts_in_standard_deviations():
    rng = np.random.default_rng(0)
    training = rng.normal(size=(20000, 2)) * [1, 10]
    training -= training.mean(axis=0)
    score, _ = mahalanobis_scores(np.array([[3.0, 0], [0, 30]]), training, np.zeros(20000, int))
    np.testing.assert_allclose(score, [3, 3], rtol=0.03)


def test_what_is_unusual_for_all_classes_cancels():
    """Classes lie apart along the first axis; the second is the same for all of them."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 5000)
    training = rng.normal(size=(10000, 2)) + np.outer(labels, [20, 0])
    odd, between = np.array([[0.0, 9]]), np.array([[10.0, 0]])
    (first, second), relative = mahalanobis_scores(np.concatenate([odd, between]), training, labels)
    assert first == pytest.approx(9, rel=0.03)
    assert second == pytest.approx(10, rel=0.03)
    assert relative[0] == pytest.approx(-1, abs=0.3)  # 81 - 81 - (a half of the gap)^2 / 101
    assert relative[1] == pytest.approx(100, rel=0.05)


def test_of_a_single_class_nothing_is_relative():
    features, training, labels = sample()
    _, relative = mahalanobis_scores(features, training, np.zeros_like(labels))
    np.testing.assert_allclose(relative, 0, atol=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
def test_of_a_point_mass_scores_are_undefined(value):
    training, labels = np.full((7, 3), value, np.float32), np.arange(7) % 2
    for scores in mahalanobis_scores(training + 1, training, labels):
        assert np.isnan(scores).all()
    assert np.isnan(vim(training + 1, training, head(3), principal_dim=1)).all()


def test_of_a_line_scores_are_defined():
    line = np.arange(5.0)[:, None] * [[1, 0, 0]]
    for scores in mahalanobis_scores(line + 1, line, np.zeros(5, int)):
        assert np.isfinite(scores).all()


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


@pytest.mark.parametrize("principal_dim", [1, 3, 5])
def test_vim_equals_every_eigenvector(principal_dim):
    features, training, _ = sample()
    layer = head()
    logits, of_training = (f @ layer["weight"].T + layer["bias"] for f in (features, training))
    expected = slow_vim(features, logits, training, of_training, **layer, dim=principal_dim)
    np.testing.assert_allclose(vim(features, training, layer, principal_dim), expected)


def test_vim_by_hand():
    """Training images span the first axis, and reach 1 beside it; their largest logit is 4."""
    training = np.array([[4.0, 1], [4, -1], [-4, 1], [-4, -1]])
    layer = {"weight": np.array([[1.0, 0], [-1, 0]]), "bias": np.zeros(2)}
    features = np.array([[2.0, 0], [2, 0.5], [0, -3]])
    energy = -np.log(np.exp([2, 2, 0]) + np.exp([-2, -2, 0]))
    np.testing.assert_allclose(vim(features, training, layer, 1), energy + np.array([0, 2, 12]))


def test_vim_sees_features_from_where_the_logits_are_zero():
    """Moved by a solution of `weight @ move = -change of the bias`, nothing changes."""
    features, training, _ = sample()
    layer = head()
    move = layer["weight"].T @ [0.3, -2, 1]
    moved = {**layer, "bias": layer["bias"] - layer["weight"] @ move}
    np.testing.assert_allclose(
        vim(features + move, training + move, moved), vim(features, training, layer)
    )


def test_turning_feature_space_changes_nothing():
    features, training, labels = sample()
    turn = ortho_group.rvs(6, random_state=0)
    turned = features @ turn, training @ turn
    expected = mahalanobis_scores(features, training, labels)
    np.testing.assert_allclose(mahalanobis_scores(*turned, labels), expected, rtol=1e-6)
    np.testing.assert_allclose(
        mahalanobis_scores(features + 7, training + 7, labels), expected, rtol=1e-6
    )
    np.testing.assert_allclose(
        neighbour_score(*turned, k=3), neighbour_score(features, training, k=3)
    )
    layer = head()
    np.testing.assert_allclose(
        vim(*turned, {**layer, "weight": layer["weight"] @ turn}), vim(features, training, layer)
    )


@pytest.mark.parametrize(
    "score",
    [
        lambda f, t, labels: np.stack(mahalanobis_scores(f, t, labels), axis=1),
        lambda f, t, _: neighbour_score(f, t, k=3),
        lambda f, t, _: vim(f, t, head()),
    ],
)
def test_a_score_depends_on_no_other_image(score, monkeypatch):
    features, training, labels = sample()
    whole = score(features, training, labels)
    alone = [score(feature[None], training, labels)[0] for feature in features]
    np.testing.assert_allclose(alone, whole, rtol=1e-9)
    for module in (gaussian_scores, neighbours, virtual_logit):
        monkeypatch.setattr(module, "CHUNK", 7)
    np.testing.assert_allclose(score(features, training, labels), whole, rtol=1e-9)


@pytest.mark.parametrize(
    ("images", "dim", "constant", "expected"),
    [
        (6000, 4096, 0, 1000),
        (6000, 2047, 0, 512),
        (6000, 767, 0, 383),
        (600, 4096, 0, 300),
        (600, 4096, 3896, 100),
        (600, 16, 0, 8),
        (2, 1, 0, 1),
    ],
)
def test_the_principal_subspace_leaves_something_over(images, dim, constant, expected):
    features = np.zeros((images, dim), np.float32)
    features[0, constant:] = 1
    assert choose_principal_dim(features) == expected
