import numpy as np
import pytest
from reference.slow_evaluation import slow_aupr, slow_auroc, slow_fpr95
from sklearn import metrics

from camtrap_jax.evaluation import DETECTION_METRICS, detection_metrics
from camtrap_jax.evaluation.detection import weighted_detection_metrics, weighted_scores


def drawn(decimals, shift, num_known=60, num_unknown=25):
    rng = np.random.default_rng(0)
    return (
        rng.normal(size=num_known).round(decimals),
        (rng.normal(size=num_unknown) + shift).round(decimals),
    )


@pytest.mark.parametrize("decimals", [9, 1, 0])  # without and with ties
@pytest.mark.parametrize("shift", [-0.5, 0.0, 1.0])
def test_metrics_equal_the_loops(decimals, shift):
    known, unknown = drawn(decimals, shift)
    got = detection_metrics(known, unknown)
    np.testing.assert_allclose(got["auroc"], slow_auroc(known, unknown))
    np.testing.assert_allclose(got["fpr95"], slow_fpr95(known, unknown))
    np.testing.assert_allclose(got["fpr95_out"], slow_fpr95(-unknown, -known))
    np.testing.assert_allclose(got["aupr_in"], slow_aupr(-known, -unknown))
    np.testing.assert_allclose(got["aupr_out"], slow_aupr(unknown, known))


def by_sklearn(known, unknown, weights=None):
    """The same from scikit-learn's curves, as OpenOOD takes them."""
    scores = np.concatenate([known, unknown])
    is_known = np.arange(len(scores)) < len(known)

    def false_rate(positive, values):
        rates = metrics.roc_curve(positive, values, sample_weight=weights, drop_intermediate=False)
        return rates[0][np.argmax(rates[1] >= 0.95)]

    def area(positive, values):
        precision, recall, _ = metrics.precision_recall_curve(
            positive, values, sample_weight=weights
        )
        return metrics.auc(recall, precision)

    return {
        "auroc": metrics.roc_auc_score(~is_known, scores, sample_weight=weights),
        "fpr95": false_rate(is_known, -scores),
        "fpr95_out": false_rate(~is_known, scores),
        "aupr_in": area(is_known, -scores),
        "aupr_out": area(~is_known, scores),
    }


@pytest.mark.parametrize("decimals", [9, 1, 0])
def test_metrics_equal_scikit_learn(decimals):
    known, unknown = drawn(decimals, 0.7, 100, 140)  # 95 % of both are whole numbers
    assert detection_metrics(known, unknown) == pytest.approx(by_sklearn(known, unknown))


@pytest.mark.parametrize("decimals", [9, 1, 0])
@pytest.mark.parametrize("shift", [-1.0, 0.8])
def test_weights_equal_images_drawn_again(decimals, shift):
    known, unknown = drawn(decimals, shift)
    rng = np.random.default_rng(1)
    of_known, of_unknown = (rng.poisson(1, (40, len(side))) for side in (known, unknown))
    got = weighted_detection_metrics(
        weighted_scores(known, of_known.astype(float)),
        weighted_scores(unknown, of_unknown.astype(float)),
    )
    assert tuple(got) == DETECTION_METRICS
    for number in range(40):
        times = of_known[number], of_unknown[number]
        again = [np.repeat(side, n) for side, n in zip((known, unknown), times, strict=True)]
        here = {name: values[number] for name, values in got.items()}
        assert here == pytest.approx(detection_metrics(*again))
        assert here == pytest.approx(by_sklearn(*again))
        assert here == pytest.approx(by_sklearn(known, unknown, np.concatenate(times)))


def test_perfect_and_inverted_scores():
    low, high = np.arange(40.0), np.arange(100.0, 110)
    best = detection_metrics(low, high)
    assert best == {"auroc": 1, "fpr95": 0, "fpr95_out": 0, "aupr_in": 1, "aupr_out": 1}
    worst = detection_metrics(high, low)
    assert worst["auroc"] == 0
    assert worst["fpr95"] == worst["fpr95_out"] == 1


def test_a_score_that_tells_nothing():
    scores = np.arange(20.0)
    found = detection_metrics(scores, scores)
    assert found["auroc"] == 0.5
    assert found["fpr95"] == found["fpr95_out"] == 0.95


def test_whose_images_are_the_positives():
    """One unknown image in four looks familiar, and one known in twenty does not."""
    known = np.array([0.0] * 19 + [5])
    unknown = np.array([-1.0] + [1] * 3)
    found = detection_metrics(known, unknown)
    assert found["fpr95"] == 0.25
    assert found["fpr95_out"] == 1  # to catch the one, all known ones are held back


def test_monotone_transform_changes_nothing():
    rng = np.random.default_rng(0)
    known, unknown = rng.random(50), rng.random(30) + 0.2
    assert detection_metrics(known, unknown) == detection_metrics(np.exp(known), np.exp(unknown))


@pytest.mark.parametrize(
    ("known", "unknown"), [([], [1.0]), ([1.0], []), ([1.0, np.nan], [2.0]), ([1.0], [np.inf])]
)
def test_undefined_is_nan(known, unknown):
    assert np.isnan(list(detection_metrics(np.array(known), np.array(unknown)).values())).all()
