import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from camtrap_jax.train.selection import best_step, is_over


def evaluations(*accuracies, losses=None):
    losses = losses or [1.0] * len(accuracies)
    return [
        {"step": 10 * number, "val_mean_species_accuracy": accuracy, "val_loss": loss}
        for number, (accuracy, loss) in enumerate(zip(accuracies, losses, strict=True), start=1)
    ]


def test_the_best_has_the_highest_accuracy_then_the_lowest_loss_then_comes_first():
    assert best_step(evaluations(0.2, 0.9, 0.5)) == 20
    assert best_step(evaluations(0.5, 0.5, 0.5, losses=[3.0, 1.0, 2.0])) == 20
    assert best_step(evaluations(0.5, 0.5, 0.5)) == 10
    assert best_step(evaluations(0.4, 0.5, losses=[0.1, 9.0])) == 20


def test_what_could_not_be_evaluated_is_never_the_best():
    assert best_step([]) is None
    assert best_step(evaluations(math.nan, math.nan)) is None
    assert best_step(evaluations(math.nan, 0.1)) == 20


@pytest.mark.parametrize(
    ("accuracies", "patience", "over"),
    [
        ((0.1, 0.2, 0.3), 1, False),
        ((0.3, 0.2), 1, True),
        ((0.3, 0.2), 2, False),
        ((0.3, 0.3, 0.3), 2, True),  # as good is not better
        ((0.3, 0.2, 0.1, 0.4), 2, False),
        ((0.9, 0.1, 0.1, 0.1), 0, False),
        ((), 1, False),
        ((math.nan, math.nan, math.nan), 1, False),
    ],
)
def test_patience_is_the_number_of_evaluations_since_the_best(accuracies, patience, over):
    assert is_over(evaluations(*accuracies), patience=patience) == over


@given(st.lists(st.sampled_from([0.1, 0.2, 0.3]), max_size=12), st.integers(1, 4))
def test_it_ends_as_a_counter_that_better_ones_reset_says(accuracies, patience):
    best, waited = -1.0, 0
    for accuracy in accuracies:
        best, waited = (accuracy, 0) if accuracy > best else (best, waited + 1)
    assert is_over(evaluations(*accuracies), patience=patience) == (waited >= patience)
