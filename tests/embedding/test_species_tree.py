import itertools

import numpy as np
import pytest
from reference.slow_embedding import parse_newick, slow_average_linkage
from scipy.cluster.hierarchy import cophenet, leaves_list
from scipy.spatial.distance import pdist, squareform

from camtrap_jax.embedding import (
    bootstrap_support,
    clades,
    clusters,
    cophenetic_correlation,
    linkage_tree,
    newick,
    pairs_among,
    percentile_interval,
    resampled_distances,
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
    np.testing.assert_allclose(of_points(points()), expected)
    ultrametric = np.array([[0.0, 0], [0, 1], [10, 0.5]])  # an isosceles triangle
    np.testing.assert_allclose(of_points(ultrametric), 1)
    equilateral = np.array([[0.0, 0], [1, 0], [0.5, np.sqrt(0.75)]])  # but for rounding
    for undefined in (points(2), np.eye(4), np.ones((4, 2)), equilateral):
        assert np.isnan(of_points(undefined))


def of_points(found):
    return cophenetic_correlation(linkage_tree(found), pdist(found))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("method", ["average", "ward", "complete", "single"])
def test_no_turn_of_any_fork_brings_neighbours_closer(method, seed):
    tree = linkage_tree(points(6, seed=seed), method=method)
    between = squareform(pdist(points(6, seed=seed)))

    def length(order):
        return sum(between[a, b] for a, b in itertools.pairwise(order))

    best = np.inf
    for turns in itertools.product([False, True], repeat=len(tree)):
        turned = tree.copy()
        turned[list(turns), :2] = turned[list(turns), 1::-1]
        best = min(best, length(leaves_list(turned).tolist()))
    assert length(leaves_list(tree).tolist()) == pytest.approx(best)


def test_leaf_order_does_not_depend_on_the_order_of_the_species():
    names = np.array(list("abcdefg"))
    expected = list(names[leaves_list(linkage_tree(points()))])
    for seed in range(5):
        order = np.random.default_rng(seed).permutation(7)
        assert list(names[order][leaves_list(linkage_tree(points()[order]))]) == expected


def test_single_linkage_merges_at_the_smallest_gap():
    tree = linkage_tree(np.array([[0.0], [1], [3], [7]]), method="single")
    np.testing.assert_allclose(tree[:, 2], [1, 2, 4])


def test_merges_at_one_height_are_one_node_without_support():
    tree = np.array([[0, 1, 2.0, 2], [4, 2, 2.0, 3], [5, 3, 4.0, 4]])
    assert newick(tree, list("abcd")) == "((a:1,b:1,c:1):1,d:2);"
    assert newick(tree, list("abcd"), support=np.ones(3)) == "(((a:1,b:1)100:0,c:1)100:1,d:2)100;"


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


def support_of(features, labels, tree, rounds, seed=0):
    distances = resampled_distances(features, labels, num_species=5, rounds=rounds, seed=seed)
    return bootstrap_support(tree, distances)


def test_support_of_clear_groups_is_one_and_of_noise_lower():
    features, labels, tree = noisy_sample(0.1)
    np.testing.assert_array_equal(support_of(features, labels, tree, 30), 1)
    features, labels, tree = noisy_sample(20)
    support = support_of(features, labels, tree, 100)
    assert support[-1] == 1  # the root holds everything
    assert (support[:-1] < 0.95).any()


def test_support_and_distances_equal_a_slow_count():
    features, labels, tree = noisy_sample(20)
    rounds, seed = 40, 3  # more than are held at once
    weights = [
        np.random.default_rng([seed, label]).multinomial(40, np.full(40, 1 / 40), size=rounds)
        for label in range(5)
    ]
    counts = np.zeros(len(tree))
    distances = resampled_distances(features, labels, num_species=5, rounds=rounds, seed=seed)
    for number in range(rounds):
        resampled = [
            np.repeat(features[labels == label], weights[label][number], axis=0).mean(axis=0)
            for label in range(5)
        ]
        np.testing.assert_allclose(distances[number], pdist(resampled))
        again = {group for group, _ in slow_average_linkage(resampled)}
        counts += [clade in again for clade in clades(tree)]
    np.testing.assert_allclose(bootstrap_support(tree, distances), counts / rounds)


def test_one_species_images_do_not_change_the_others_draws():
    features, labels, _ = noisy_sample(20)
    fewer = np.flatnonzero((labels != 4) | (np.arange(len(labels)) % 2 == 0))
    found = [
        resampled_distances(f, y, num_species=5, rounds=3)
        for f, y in ((features, labels), (features[fewer], labels[fewer]))
    ]
    without = pairs_among(range(4), 5)
    np.testing.assert_array_equal(found[0][:, without], found[1][:, without])
    assert (found[0] != found[1]).any()


def test_a_species_without_images_is_undefined_and_no_rounds_give_no_support():
    features, labels, tree = noisy_sample(1)
    distances = resampled_distances(features, labels, num_species=6, rounds=2)
    assert np.isnan(np.delete(distances, pairs_among(range(5), 6), axis=1)).all()
    np.testing.assert_array_equal(
        distances[:, pairs_among(range(5), 6)],
        resampled_distances(features, labels, num_species=5, rounds=2),
    )
    assert np.isnan(support_of(features, labels, tree, 0)).all()


def test_pairs_among_some_keep_their_order():
    every = squareform(pdist(points()))
    chosen = [5, 0, 3]
    np.testing.assert_array_equal(
        pdist(points())[pairs_among(chosen, 7)],
        squareform(every[np.ix_(chosen, chosen)], checks=False),
    )


def test_percentiles_leave_a_fortieth_on_either_side():
    assert percentile_interval(np.arange(41.0)) == pytest.approx((1, 39))
    assert np.isnan(percentile_interval(np.empty(0))).all()
