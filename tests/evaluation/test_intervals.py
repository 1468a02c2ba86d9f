import numpy as np
import pytest
from scipy.stats import binom, binomtest

from camtrap_jax.evaluation import bootstrap_interval, wilson_interval


@pytest.mark.parametrize(("correct", "images"), [(0, 5), (5, 5), (3, 7), (190, 200), (1, 1)])
def test_wilson_equals_scipy(correct, images):
    low, high = wilson_interval(np.array([correct]), np.array([images]))
    expected = binomtest(correct, images).proportion_ci(method="wilson")
    np.testing.assert_allclose([low[0], high[0]], [expected.low, expected.high], atol=1e-12)


def test_wilson_without_images_is_undefined():
    low, high = wilson_interval(np.array([0, 1]), np.array([0, 1]))
    assert np.isnan([low[0], high[0]]).all()
    assert high[1] == 1


def test_bootstrap_of_a_share_has_binomial_quantiles():
    hits = np.arange(400) < 300
    low, high = bootstrap_interval(
        lambda w: w @ hits / 400, np.zeros(400, int), rounds=20000, seed=1
    )
    expected = binom(400, 0.75).ppf([0.025, 0.975]) / 400
    np.testing.assert_allclose([low, high], expected, atol=1.01 / 400)


def test_strata_keep_their_sizes():
    strata = np.array([0, 1, 1, 2, 2, 2, 7, 7, 7, 7])
    seen = []

    def statistic(weights):
        seen.append(weights)
        return weights.sum(axis=1)

    low, high = bootstrap_interval(statistic, strata, rounds=250, seed=0)
    weights = np.concatenate(seen)
    assert weights.shape == (250, 10)
    assert low == high == 10
    for stratum, size in zip(*np.unique(strata, return_counts=True), strict=True):
        np.testing.assert_array_equal(weights[:, strata == stratum].sum(axis=1), size)
    assert (weights[:, 3:].std(axis=0) > 0.3).all()


def test_bootstrap_depends_on_the_seed_alone():
    values = np.random.default_rng(0).normal(size=50)
    runs = [
        bootstrap_interval(lambda w: w @ values / 50, np.zeros(50, int), rounds=99, seed=seed)
        for seed in (4, 4, 5)
    ]
    assert runs[0] == runs[1] != runs[2]


def test_bootstrap_without_images_is_undefined():
    assert np.isnan(bootstrap_interval(lambda w: w.sum(axis=1), np.zeros(0, int))).all()
