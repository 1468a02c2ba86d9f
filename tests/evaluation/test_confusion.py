import numpy as np
import pytest
from reference.slow_evaluation import slow_rank_agreement
from scipy.spatial.distance import cdist

from camtrap_jax.evaluation import confusion_shares, rank_agreement


def distances(size, seed=0):
    points = np.random.default_rng(seed).normal(size=(size, 3))
    return cdist(points, points)


def symmetric(size, seed):
    table = np.random.default_rng(seed).integers(0, 4, (size, size)) / 8  # with ties
    return (table + table.T) / 2


def test_shares_are_the_mean_of_both_ways():
    counts = np.array([[6, 2, 0], [5, 4, 1], [0, 0, 0]])
    shares = confusion_shares(counts)
    assert shares[0, 1] == shares[1, 0] == (2 / 8 + 5 / 10) / 2
    assert np.isnan(shares[2]).all()  # no image
    assert np.isnan(shares[:, 2]).all()
    assert np.isnan(np.diag(shares)).all()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agreement_equals_the_loop_over_all_orders(seed):
    first, second = symmetric(5, seed), distances(5)
    found = rank_agreement(first, second, permutations=4000)
    correlation, p_value = slow_rank_agreement(first, second)
    assert found.correlation == pytest.approx(correlation)
    assert found.p_value == pytest.approx(p_value, abs=0.03)
    assert found.pairs == 10


def test_pairs_that_are_confused_because_they_are_near():
    near = distances(8)
    best = rank_agreement(1 / (1 + near), near, permutations=999)
    assert best.correlation == pytest.approx(-1)
    assert best.p_value == 0.001  # only the observed order is as low
    worst = rank_agreement(near, near, permutations=999)
    assert worst.correlation == pytest.approx(1)
    assert worst.p_value == 1


def test_permuting_species_respects_that_pairs_share_them():
    """One species far from all and never confused is one fact, not as many as it has pairs."""
    size = 12
    shares, far = np.full((size, size), 0.1), np.ones((size, size))
    shares[0] = shares[:, 0] = 0
    far[0] = far[:, 0] = 5
    found = rank_agreement(shares, far, permutations=3000)
    assert found.correlation == pytest.approx(-1)
    assert found.p_value == pytest.approx(1 / size, abs=0.02)


def test_the_order_of_species_and_the_diagonal_do_not_matter():
    first, second = symmetric(6, 4), distances(6)
    order = np.random.default_rng(0).permutation(6)
    moved = rank_agreement(first[np.ix_(order, order)], second[np.ix_(order, order)])
    filled = first.copy()
    np.fill_diagonal(filled, np.nan)
    assert moved.correlation == pytest.approx(rank_agreement(filled, second).correlation)


def test_species_without_images_are_left_out():
    first, second = symmetric(6, 4), distances(6)
    short = rank_agreement(first[:5, :5], second[:5, :5])
    first[5] = first[:, 5] = np.nan
    assert rank_agreement(first, second) == short


@pytest.mark.parametrize(("size", "pairs"), [(0, 0), (1, 0), (2, 1), (5, 10)])
def test_without_confusions_or_with_two_species_it_is_undefined(size, pairs):
    found = rank_agreement(np.zeros((size, size)), distances(size))
    assert np.isnan([found.correlation, found.p_value]).all()
    assert found.pairs == pairs
