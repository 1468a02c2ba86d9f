import numpy as np
import pytest
from reference.slow_embedding import parse_newick, slow_average_linkage
from scipy.cluster.hierarchy import cophenet
from scipy.spatial.distance import pdist, squareform

from camtrap_jax.embedding import (
    bootstrap_support,
    clades,
    clusters,
    cophenetic_correlation,
    linkage_tree,
    newick,
)

NAMES = ["red duiker", "o'ribi", "(lion)", "eland_2", "a:b,c;[d]", "Ñandú", "serval"]


def points(count=7, dim=5, seed=0):
    return np.random.default_rng(seed).normal(size=(count, dim))


def test_linkage_equals_the_slow_average_linkage():
    tree = linkage_tree(points())
    expected = slow_average_linkage(points())
    assert clades(tree) == [group for group, _ in expected]
    np.testing.assert_allclose(tree[:, 2], [distance for _, distance in expected], rtol=1e-12)


def test_linkage_of_three_points_by_hand():
    tree = linkage_tree(np.array([[0.0, 0], [3, 0], [0, 4]]))
    np.testing.assert_allclose(tree[:, 2], [3, 4.5])  # (4 + 5) / 2


@pytest.mark.parametrize("bad", [points(1), np.full((3, 2), np.nan)])
def test_too_little_to_cluster_is_refused(bad):
    with pytest.raises(ValueError, match="linkage_tree"):
        linkage_tree(bad)


@pytest.mark.parametrize("method", ["average", "ward", "complete"])
def test_paths_between_leaves_are_their_merge_distances(method):
    tree = linkage_tree(points(), method=method)
    text = newick(tree, NAMES, support=np.full(len(tree), 0.87))
    assert text.endswith("87;")
    leaves, paths = parse_newick(text)
    assert set(leaves) == set(NAMES)
    np.testing.assert_allclose(list(leaves.values()), tree[-1, 2] / 2, rtol=1e-6)
    merged_at = squareform(cophenet(tree))
    for i, a in enumerate(NAMES):
        for j, b in enumerate(NAMES[:i]):
            np.testing.assert_allclose(paths[frozenset([a, b])], merged_at[i, j], rtol=1e-6)


def test_newick_quotes_and_supports_by_hand():
    tree = np.array([[0, 1, 2.0, 2], [2, 3, 5.0, 3]])
    text = newick(tree, ["kudu_2", "o'ribi", "eland"], support=np.array([0.5, np.nan]))
    assert text == "(eland:2.5,('kudu_2':1,'o''ribi':1)50:1.5);"


def test_cophenetic_correlation():
    expected = np.corrcoef(cophenet(linkage_tree(points())), pdist(points()))[0, 1]
    np.testing.assert_allclose(cophenetic_correlation(linkage_tree(points()), points()), expected)
    ultrametric = np.array([[0.0, 0], [0, 1], [10, 0.5]])  # an isosceles triangle
    np.testing.assert_allclose(cophenetic_correlation(linkage_tree(ultrametric), ultrametric), 1)
    for undefined in (points(2), np.eye(4), np.ones((4, 2))):
        assert np.isnan(cophenetic_correlation(linkage_tree(undefined), undefined))


def test_clusters_are_numbered_along_the_leaves():
    groups = np.array([[0.0], [20], [0.1], [50], [20.1]])
    got = clusters(linkage_tree(groups), 3)
    assert got[0] == got[2]
    assert got[1] == got[4]
    assert sorted(set(got.tolist())) == [1, 2, 3]
    np.testing.assert_array_equal(np.unique(clusters(linkage_tree(points(2)), 3)), [1, 2])


def noisy_sample(noise):
    centres = np.array([[0.0, 0], [0, 1], [8, 0], [8, 1.2], [30, 0]])
    labels = np.repeat(np.arange(5), 40)
    rng = np.random.default_rng(0)
    features = centres[labels] + noise * rng.normal(size=(200, 2))
    return (
        features,
        labels,
        linkage_tree(np.stack([features[labels == label].mean(axis=0) for label in range(5)])),
    )


def test_support_of_clear_groups_is_one_and_of_noise_lower():
    features, labels, tree = noisy_sample(0.1)
    np.testing.assert_array_equal(bootstrap_support(features, labels, tree, rounds=30), 1)
    features, labels, tree = noisy_sample(20)
    support = bootstrap_support(features, labels, tree, rounds=100)
    assert support[-1] == 1  # the root holds everything
    assert (support[:-1] < 0.95).any()


def test_support_equals_a_slow_count():
    features, labels, tree = noisy_sample(20)
    rounds, seed = 25, 3
    weights = [
        np.random.default_rng([seed, label]).multinomial(40, np.full(40, 1 / 40), size=rounds)
        for label in range(5)
    ]
    counts = np.zeros(len(tree))
    for number in range(rounds):
        resampled = [
            np.repeat(features[labels == label], weights[label][number], axis=0).mean(axis=0)
            for label in range(5)
        ]
        again = {group for group, _ in slow_average_linkage(resampled)}
        counts += [clade in again for clade in clades(tree)]
    got = bootstrap_support(features, labels, tree, rounds=rounds, seed=seed)
    np.testing.assert_allclose(got, counts / rounds)


def test_no_rounds_give_no_support():
    features, labels, tree = noisy_sample(1)
    assert np.isnan(bootstrap_support(features, labels, tree, rounds=0)).all()
