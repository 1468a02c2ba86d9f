import numpy as np
import pytest
from scipy.stats import norm

from camtrap_jax.evaluation import DETECTION_METRICS, detection_metrics, resampled_detection
from camtrap_jax.evaluation.intervals import resample_counts


def sample(num_known=30, num_unknown=20, *, scores=2, seed=0):
    rng = np.random.default_rng(seed)
    known = np.arange(num_known + num_unknown) < num_known
    values = rng.normal(size=(len(known), scores)) + ~known[:, None]
    strata = np.where(known, rng.integers(0, 3, len(known)), rng.integers(3, 5, len(known)))
    return values, known, strata


def test_a_round_is_measured_on_the_images_that_it_drew():
    values, known, strata = sample()
    bursts = np.arange(50) // 2  # some of them of two species, which are then two
    groups = np.stack([~known, strata == 3, strata == 4])
    rounds = resampled_detection(
        values, known, groups, strata, bursts, rounds=130, seed=3
    )  # more than a chunk of draws
    assert rounds.shape == (5, 3, 2, 130)
    names = sorted({(s, b) for s, b in zip(strata, bursts, strict=True)})
    places = [names.index(pair) for pair in zip(strata, bursts, strict=True)]
    counts = np.concatenate(list(resample_counts(np.array([s for s, _ in names]), 130, 3)))
    for number in (0, 7, 99, 100, 129):
        times = counts[number, places].astype(int)
        for place, group in enumerate(groups):
            for column in range(2):
                sides = [np.repeat(values[s, column], times[s]) for s in (known, group)]
                expected = detection_metrics(*sides)
                got = rounds[:, place, column, number]
                np.testing.assert_allclose(got, [expected[name] for name in DETECTION_METRICS])


def test_frames_of_a_burst_count_as_one():
    """Every image five times over tells no more than once."""
    values, known, strata = sample()
    alone = resampled_detection(
        values, known, ~known[None], strata, np.arange(50), rounds=60, seed=0
    )
    five = [np.repeat(one, 5, axis=0) for one in (values, known, strata, np.arange(50))]
    values5, known5, strata5, bursts5 = five
    together = resampled_detection(
        values5, known5, ~known5[None], strata5, bursts5, rounds=60, seed=0
    )
    np.testing.assert_allclose(together, alone)
    apart = resampled_detection(
        values5, known5, ~known5[None], strata5, np.arange(250), rounds=60, seed=0
    )
    assert (apart[0].std(axis=-1) < 0.7 * alone[0].std(axis=-1)).all()


def test_a_species_keeps_its_bursts():
    values, known, strata = sample()
    values[:, 0] = 2 * strata % 5  # all that is left to chance is how many are of which species
    found = resampled_detection(
        values, known, ~known[None], strata, np.arange(50), rounds=50, seed=0
    )
    assert np.ptp(found[:, 0, 0], axis=-1).max() == 0
    assert np.ptp(found[0, 0, 1]) > 0


def test_intervals_hold_the_true_value_as_often_as_they_say():
    true_value = norm.cdf(1 / np.sqrt(2))
    hits = 0
    for seed in range(200):
        values, known, _ = sample(60, 40, scores=1, seed=seed)
        strata = np.where(known, 0, 1)
        found = resampled_detection(
            values, known, ~known[None], strata, np.arange(100), rounds=200, seed=seed
        )
        low, high = np.quantile(found[0, 0, 0], [0.025, 0.975])
        hits += low <= true_value <= high
    assert 0.90 <= hits / 200 <= 0.985


def test_a_single_burst_or_a_missing_score_is_undefined():
    values, known, strata = sample()
    values[0, 1] = np.nan
    groups = np.stack([~known, np.arange(50) == 49, np.zeros(50, bool)])
    found = resampled_detection(values, known, groups, strata, np.arange(50), rounds=5, seed=0)
    assert np.isfinite(found[:, 0, 0]).all()
    assert np.isnan(found[:, 1:]).all()
    assert np.isnan(found[:, :, 1]).all()
    in_one = np.where(known, 0, np.arange(50))
    found = resampled_detection(values, known, groups, strata * 0, in_one, rounds=5, seed=0)
    assert np.isnan(found).all()


@pytest.mark.parametrize("seed", [1, 2])
def test_draws_depend_on_the_seed_alone(seed):
    values, known, strata = sample()
    one, two, other = (
        resampled_detection(values, known, ~known[None], strata, np.arange(50), rounds=9, seed=s)
        for s in (seed, seed, 9)
    )
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()
