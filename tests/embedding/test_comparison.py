import itertools

import numpy as np
import pytest
from reference.slow_embedding import slow_robinson_foulds, slow_shared_counts
from scipy.cluster.hierarchy import cophenet, is_valid_linkage, linkage
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr

from camtrap_jax.embedding import (
    agreement,
    bakers_gamma,
    compare_trees,
    linkage_tree,
    pruned,
    robinson_foulds,
    tree_of_heights,
)
from camtrap_jax.embedding.comparison import shared_counts, true_clades


def random_tree(seed, size=8):
    return linkage_tree(np.random.default_rng(seed).normal(size=(size, 3)))


def taxonomy(*ranks):
    """A tree with polytomies: one row a rank, from fine to coarse."""
    ranks = np.array(ranks)
    height = np.full((ranks.shape[1], ranks.shape[1]), len(ranks) + 1.0)
    for place in range(len(ranks), 0, -1):
        height[ranks[place - 1][:, None] == ranks[place - 1]] = place
    np.fill_diagonal(height, 0)
    return tree_of_heights(squareform(height))


FAMILIES = taxonomy([0, 0, 0, 1, 1, 2, 3, 3], [0, 0, 0, 0, 0, 1, 1, 1])
STAR = taxonomy([0] * 8)


def trees():
    return [*map(random_tree, range(4)), FAMILIES, STAR]


@pytest.mark.parametrize(("one", "other"), list(itertools.product(range(6), repeat=2)))
def test_measures_equal_the_slow_ones(one, other):
    first, second = trees()[one], trees()[other]
    np.testing.assert_equal(robinson_foulds(first, second), slow_robinson_foulds(first, second))
    counts = [slow_shared_counts(tree) for tree in (first, second)]
    np.testing.assert_array_equal(shared_counts(first), counts[0])
    found = agreement(first, second)
    if STAR is trees()[5] and 5 in (one, other):
        assert np.isnan([found["bakers_gamma"], found["cophenetic_correlation"]]).all()
        return
    np.testing.assert_allclose(found["bakers_gamma"], spearmanr(*counts)[0])
    expected = np.corrcoef(cophenet(first), cophenet(second))[0, 1]
    np.testing.assert_allclose(found["cophenetic_correlation"], expected)


def test_a_taxonomy_asserts_its_groups_and_no_others():
    assert true_clades(FAMILIES) == {
        frozenset(group) for group in ([0, 1, 2], [3, 4], [6, 7], [0, 1, 2, 3, 4], [5, 6, 7])
    }
    assert true_clades(STAR) == set()


def test_robinson_foulds_by_hand():
    # ((0 1) 2) 3 against ((0 1) (2 3)): both have 01; one has 012, the other 23.
    first = np.array([[0, 1, 1.0, 2], [4, 2, 2.0, 3], [5, 3, 3.0, 4]])
    second = np.array([[0, 1, 1.0, 2], [2, 3, 2.0, 2], [4, 5, 3.0, 4]])
    assert robinson_foulds(first, second) == (2, 0.5)
    star = tree_of_heights(np.ones(6))
    assert robinson_foulds(first, star) == (2, 1.0)
    count, share = robinson_foulds(star, star)
    assert count == 0
    assert np.isnan(share)


def test_bakers_gamma_by_hand():
    """As dendextend's cor_bakers_gamma: of the numbers of clusters below which pairs part."""
    first = np.array([[0, 1, 1.0, 2], [4, 2, 2.0, 3], [5, 3, 3.0, 4]])
    second = np.array([[0, 1, 1.0, 2], [2, 3, 2.0, 2], [4, 5, 3.0, 4]])
    #                                            01 02 03 12 13 23
    np.testing.assert_array_equal(shared_counts(first), [3, 2, 1, 2, 1, 1])
    np.testing.assert_array_equal(shared_counts(second), [3, 1, 1, 1, 1, 2])
    ranks = [6, 4.5, 2, 4.5, 2, 2], [6, 2.5, 2.5, 2.5, 2.5, 5]
    np.testing.assert_allclose(bakers_gamma(first, second), np.corrcoef(ranks)[0, 1])


def test_a_tree_agrees_with_itself_in_any_order_of_its_leaves_and_at_any_scale():
    tree = random_tree(0)
    order = np.random.default_rng(1).permutation(8)
    bent = tree.copy()
    bent[:, 2] = np.exp(bent[:, 2])  # another scale: the same groups, the same order
    for first, second in ((tree, tree), (tree, bent), (pruned(tree, order), pruned(bent, order))):
        found = agreement(first, second)
        assert found["robinson_foulds"] == 0
        assert found["bakers_gamma"] == pytest.approx(1)
    assert agreement(tree, tree)["cophenetic_correlation"] == pytest.approx(1)
    assert agreement(tree, bent)["cophenetic_correlation"] < 0.999


def test_measures_do_not_depend_on_the_order_of_the_leaves_nor_of_the_trees():
    for first, second in itertools.combinations(trees()[:5], 2):
        order = np.random.default_rng(2).permutation(8)
        expected = agreement(first, second)
        assert agreement(second, first) == pytest.approx(expected)
        assert agreement(pruned(first, order), pruned(second, order)) == pytest.approx(expected)


def test_pruning_keeps_what_is_left():
    points = np.random.default_rng(0).normal(size=(8, 3))
    tree = linkage(points, "average")
    kept = [6, 1, 4, 0]
    small = pruned(tree, kept)
    assert is_valid_linkage(small)
    square = squareform(cophenet(tree))[np.ix_(kept, kept)]
    np.testing.assert_array_equal(squareform(cophenet(small)), square)
    expected = {
        frozenset(kept.index(leaf) for leaf in group & set(kept)) for group in true_clades(tree)
    }
    assert true_clades(small) == {group for group in expected if 1 < len(group) < 4}


def test_chance_is_what_shuffling_all_leaves_gives():
    first, second = random_tree(0, 5), random_tree(1, 5)
    found = compare_trees(first, second, permutations=4000, seed=3)
    every = [
        agreement(first, pruned(second, list(order))) for order in itertools.permutations(range(5))
    ]
    for name, more_is_alike in (("bakers_gamma", 1), ("robinson_foulds", -1)):
        values = more_is_alike * np.array([one[name] for one in every])
        exact = np.mean(values >= more_is_alike * found[name].value - 1e-9)
        assert found[name].p_value == pytest.approx(exact, abs=0.03)
        assert found[name].chance == pytest.approx(more_is_alike * values.mean(), abs=0.1)


def test_the_same_tree_is_no_accident_and_another_may_be():
    same = compare_trees(random_tree(0, 12), random_tree(0, 12), permutations=199)
    assert all(one.p_value == 1 / 200 for one in same.values())
    # 40 unrelated pairs: p-values are spread, not heaped at either end.
    drawn = [
        compare_trees(random_tree(s), random_tree(100 + s), permutations=49)["bakers_gamma"].p_value
        for s in range(40)
    ]
    assert 0.3 < np.mean(drawn) < 0.7


def test_what_is_undefined_has_no_chance_either():
    found = compare_trees(random_tree(0), STAR, permutations=9)
    for name in ("cophenetic_correlation", "bakers_gamma"):
        assert np.isnan([found[name].value, found[name].chance, found[name].p_value]).all()
    assert found["robinson_foulds"].p_value == 1
    nothing = compare_trees(random_tree(0), random_tree(1), permutations=0)["bakers_gamma"]
    assert np.isfinite(nothing.value)
    assert np.isnan([nothing.chance, nothing.p_value]).all()
