import numpy as np
import pytest
from reference.slow_human import slow_dice, slow_kappa

from camtrap_jax.human import agreed, dice_coefficients, fleiss_kappa

FEATURES = np.array(["tail", "mane", "horns", "stripes", "termite mound"])
DESCRIBED = np.array([True, True, True, False, False])


def test_dice_is_that_of_sets():
    rng = np.random.default_rng(0)
    shown = rng.random((40, 5)) < rng.random((40, 1))
    found = dice_coefficients(shown, DESCRIBED)
    for one, value in zip(shown, found, strict=True):
        assert value == pytest.approx(slow_dice(FEATURES[one], FEATURES[DESCRIBED]))


def test_dice_of_nothing_is_undefined_and_of_nothing_in_common_0():
    nothing, shown = np.zeros(5, bool), np.array([False, False, False, True, True])
    assert np.isnan(dice_coefficients(nothing, nothing))
    assert dice_coefficients(nothing, DESCRIBED) == 0
    assert dice_coefficients(shown, DESCRIBED) == 0
    assert dice_coefficients(DESCRIBED, DESCRIBED) == 1


def test_agreement_counts_raters_item_by_item():
    ticks = np.array([[[1, 1], [0, 0]], [[1, 0], [0, 1]], [[1, 1], [0, 0]]], bool)
    assert agreed(ticks, 2).tolist() == [[True, True], [False, False]]
    assert agreed(ticks, 1).tolist() == [[True, True], [False, True]]
    assert agreed(ticks, 3).tolist() == [[True, False], [False, False]]
    for wrong in (0, 4):
        with pytest.raises(ValueError, match=r"human.agreement: expected 1 to 3, .* got "):
            agreed(ticks, wrong)
    with pytest.raises(ValueError, match=r"expected 1 to 3, as there are 3 raters, got 4"):
        agreed(ticks, 4)
    with pytest.raises(ValueError, match=r"expected 1, as there is 1 rater, got 2"):
        agreed(ticks[:1], 2)


def test_kappa_of_a_published_table():
    """A worked example that is widely printed: 14 raters, 10 items, 5 categories."""
    counts = np.array(
        [
            *([0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0]),
            *([2, 2, 8, 1, 1], [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2]),
            *([6, 5, 2, 1, 0], [0, 2, 2, 3, 7]),
        ]
    )
    assert fleiss_kappa(counts) == pytest.approx(0.210, abs=5e-4)


@pytest.mark.parametrize("raters", [2, 3, 7])
def test_kappa_is_that_of_counted_pairs(raters):
    rng = np.random.default_rng(raters)
    answers = (rng.random((30, 1)) < 0.3) ^ (rng.random((30, raters)) < 0.2)
    counts = np.stack([answers.sum(1), (~answers).sum(1)], axis=1)
    assert fleiss_kappa(counts) == pytest.approx(slow_kappa(answers.tolist()))


def test_kappa_of_one_mind_is_1_and_of_nothing_undefined():
    assert fleiss_kappa(np.array([[3, 0], [0, 3]])) == 1
    assert np.isnan(fleiss_kappa(np.array([[3, 0], [3, 0]])))  # chance would agree, too
    assert np.isnan(fleiss_kappa(np.array([[1, 0], [0, 1]])))  # one rater
    assert np.isnan(fleiss_kappa(np.zeros((0, 2), int)))
    with pytest.raises(ValueError, match="as many raters"):
        fleiss_kappa(np.array([[3, 0], [1, 1]]))
