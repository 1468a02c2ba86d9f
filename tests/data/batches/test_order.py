from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from camtrap_jax.data.batches.order import shuffled_rows

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
