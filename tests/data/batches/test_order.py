from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from camtrap_jax.data.batches.order import balanced_rows, shuffled_rows

ROWS = np.array([3, 5, 8, 13, 21, 34, 55])


def part(start, count, seed=1, rows=ROWS):
    return shuffled_rows(rows, seed=seed, start=start, count=count).tolist()


def test_an_epoch_has_every_row_once_and_no_two_are_alike():
    epochs = [part(7 * epoch, 7) for epoch in range(12)]
    assert all(sorted(epoch) == ROWS.tolist() for epoch in epochs)
    assert len(set(map(tuple, epochs))) == 12


def test_every_row_comes_first_equally_often():
    first = Counter(part(7 * epoch, 1)[0] for epoch in range(1400))
    assert set(first) == set(ROWS.tolist())
    # 200 each; 5 standard deviations of a binomial of 1/7.
    assert max(abs(count - 200) for count in first.values()) < 66


@given(st.integers(0, 200), st.integers(1, 60), st.integers(0, 2**40), st.integers(1, 9))
def test_any_part_is_cut_from_one_sequence(start, count, seed, length):
    rows = np.arange(length) * 2
    whole = part(0, start + count, seed, rows)
    assert part(start, count, seed, rows) == whole[start:]


def test_the_seed_is_the_order():
    assert part(0, 21, seed=1) == part(0, 21, seed=1)
    assert part(0, 21, seed=1) != part(0, 21, seed=2)
    assert part(0, 7, seed=2**32 + 1) == part(0, 7, seed=1)


def test_a_place_far_away_costs_no_more():
    assert sorted(part(7 * 10**11, 7)) == ROWS.tolist()


LABELS = np.array([0, 0, 0, 0, 2, 2, 5])


def balanced(start, count, seed=1):
    groups = [ROWS[label == LABELS] for label in (0, 2, 5)]
    return balanced_rows(groups, seed=seed, start=start, count=count).tolist()


def test_balanced_each_label_comes_once_in_every_three_images():
    label_of = dict(zip(ROWS.tolist(), LABELS.tolist(), strict=True))
    turns = [tuple(label_of[row] for row in balanced(3 * turn, 3)) for turn in range(60)]
    assert all(sorted(turn) == [0, 2, 5] for turn in turns)
    assert len(set(turns)) == 6


def test_balanced_every_image_of_a_label_is_seen_equally_often():
    seen = Counter(balanced(0, 3 * 40))
    assert seen == {3: 10, 5: 10, 8: 10, 13: 10, 21: 20, 34: 20, 55: 40}
    orders = {tuple(row for row in balanced(12 * k, 12) if row in ROWS[:4]) for k in range(20)}
    assert len(orders) > 7  # of 24: each epoch of a label has an order of its own


@given(st.integers(0, 100), st.integers(1, 40), st.integers(0, 2**40))
def test_any_balanced_part_is_cut_from_one_sequence(start, count, seed):
    assert balanced(start, count, seed) == balanced(0, start + count, seed)[start:]
