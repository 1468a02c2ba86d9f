import numpy as np
import pytest
from reference.slow_evaluation import slow_disagreement

from camtrap_jax.evaluation import confident_disagreement


@pytest.mark.parametrize("sharpness", [1, 4, 20])
def test_suggestions_equal_the_loop_over_images(sharpness):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 200)  # the fifth class has no image
    logits = rng.normal(size=(200, 5)) + 0.3 * np.eye(5)[labels]
    probabilities = np.exp(sharpness * logits)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    suggested, score = confident_disagreement(probabilities, labels)
    np.testing.assert_array_equal(suggested, slow_disagreement(probabilities, labels))
    assert (suggested >= 0).any()
    assert (suggested != 4).all()
    doubted = suggested >= 0
    assert np.isnan(score[~doubted]).all()
    at = np.flatnonzero(doubted)
    margin = probabilities[at, suggested[at]] - probabilities[at, labels[at]]
    np.testing.assert_allclose(score[at], margin)


def test_a_class_is_held_to_what_its_own_images_reach():
    """0.7 is more than usual for class 1, and less than usual for class 0."""
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.45, 0.55], [0.3, 0.7], [0.7, 0.3]])
    labels = np.array([0, 0, 1, 0, 1])
    suggested, score = confident_disagreement(probabilities, labels)
    np.testing.assert_array_equal(suggested, [-1, -1, -1, 1, 0])
    np.testing.assert_allclose(score[3:], [0.4, 0.4])
    labels = np.array([0, 0, 1, 0, 1])
    probabilities[:2] = [1, 0]  # now class 0 is used to (1 + 1 + 0.3) / 3 = 0.77
    assert confident_disagreement(probabilities, labels)[0][4] == -1


def test_equal_images_of_a_class_reach_their_mean():
    probabilities = np.tile([0.95, 0.05], (7, 1))
    labels = np.array([0, 0, 0, 0, 0, 0, 1])
    np.testing.assert_array_equal(confident_disagreement(probabilities, labels)[0], [-1] * 6 + [0])


def test_without_a_majority_nothing_is_suggested():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3]])
    np.testing.assert_array_equal(
        confident_disagreement(probabilities, np.array([1, 0]))[0], [-1, -1]
    )


def test_images_that_nobody_judged_and_no_images():
    probabilities = np.array([[np.nan, np.nan], [0.1, 0.9], [0.2, 0.8]])
    suggested, score = confident_disagreement(probabilities, np.array([0, 1, 0]))
    np.testing.assert_array_equal(suggested[:2], [-1, -1])
    assert np.isnan(score[0])
    assert confident_disagreement(np.zeros((0, 3)), np.zeros(0, int))[0].shape == (0,)
