import numpy as np
import pytest
from reference.slow_evaluation import slow_aupr, slow_auroc, slow_fpr95

from camtrap_jax.evaluation import detection_metrics


@pytest.mark.parametrize("decimals", [9, 1, 0])  # without and with ties
@pytest.mark.parametrize("shift", [-0.5, 0.0, 1.0])
def test_metrics_equal_the_loops(decimals, shift):
    rng = np.random.default_rng(0)
    known = rng.normal(size=60).round(decimals)
    unknown = (rng.normal(size=25) + shift).round(decimals)
    got = detection_metrics(known, unknown)
    np.testing.assert_allclose(got["auroc"], slow_auroc(known, unknown))
    np.testing.assert_allclose(got["fpr95"], slow_fpr95(known, unknown))
    np.testing.assert_allclose(got["aupr_in"], slow_aupr(-known, -unknown))
    np.testing.assert_allclose(got["aupr_out"], slow_aupr(unknown, known))


def test_perfect_and_inverted_scores():
    low, high = np.arange(40.0), np.arange(100.0, 110)
    best = detection_metrics(low, high)
    assert best == {"auroc": 1, "fpr95": 0, "aupr_in": 1, "aupr_out": 1}
    worst = detection_metrics(high, low)
    assert worst["auroc"] == 0
    assert worst["fpr95"] == 1


def test_a_score_that_tells_nothing():
    scores = np.arange(20.0)
    found = detection_metrics(scores, scores)
    assert found["auroc"] == 0.5
    assert found["fpr95"] == 0.95


def test_monotone_transform_changes_nothing():
    rng = np.random.default_rng(0)
    known, unknown = rng.random(50), rng.random(30) + 0.2
    assert detection_metrics(known, unknown) == detection_metrics(np.exp(known), np.exp(unknown))


@pytest.mark.parametrize(
    ("known", "unknown"), [([], [1.0]), ([1.0], []), ([1.0, np.nan], [2.0]), ([1.0], [np.inf])]
)
def test_undefined_is_nan(known, unknown):
    assert np.isnan(list(detection_metrics(np.array(known), np.array(unknown)).values())).all()
