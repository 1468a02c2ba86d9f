"""The engine behind the splits by sequence and by camera: groups and species in, splits out."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference.slow_splits import FRACTIONS, best_rank, rank

from camtrap_jax.data.splits import SPLITS, assignment, coverage
from camtrap_jax.data.splits import search as local_search
from camtrap_jax.data.splits.assignment import assign_groups
from camtrap_jax.data.splits.cost import change, cost, make_problem, tally
from camtrap_jax.data.splits.coverage import (
    fewest_by_counting,
    reached,
    search_exactly,
    shortfalls,
)
from camtrap_jax.data.splits.search import search

WANTED = tuple(FRACTIONS.values())
FACTOR = 1.05  # of the best sum of what is small, where not all assignments are tried
ALL = (True, True, True, True)


@st.composite
def small_problems(draw):
    """Images of 1 to 4 species in 2 to 6 groups, each of both present; many zeros."""
    shape = draw(st.tuples(st.integers(2, 6), st.integers(1, 4)))
    most = draw(st.sampled_from([1, 3, 30]))
    counts = draw(arrays(np.int64, shape, elements=st.integers(0, most)))
    present = draw(arrays(np.bool_, shape))
    counts = np.where(present, counts, 0)
    for species in np.flatnonzero(counts.sum(axis=0) == 0):
        counts[draw(st.integers(0, shape[0] - 1)), species] = 1
    for group in np.flatnonzero(counts.sum(axis=1) == 0):
        counts[group, draw(st.integers(0, shape[1] - 1))] = 1
    return counts


def as_dicts(counts):
    return [{k: int(n) for k, n in enumerate(row) if n} for row in counts]


def rank_of(counts, splits):
    return rank(as_dicts(counts), [SPLITS[split] for split in splits])


@settings(deadline=None, max_examples=40)
@given(small_problems())
def test_few_groups_get_the_best_of_all_assignments(counts):
    lacking, off = rank_of(counts, assign_groups(counts, WANTED, seed=0).splits)
    best_lacking, best_off = best_rank(as_dicts(counts))
    assert lacking == best_lacking
    assert off == pytest.approx(best_off, abs=1e-9)


@settings(deadline=None, max_examples=15)
@given(small_problems(), st.integers(0, 3))
def test_the_searches_for_many_groups_find_the_best_of_few_too(counts, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(assignment, "_FEW", 0)
        found = assign_groups(counts, WANTED, seed=seed)
    lacking, off = rank_of(counts, found.splits)
    best_lacking, best_off = best_rank(as_dicts(counts))
    assert lacking == best_lacking
    assert off <= best_off * FACTOR + 1e-9
    assert found.proven == ALL


@settings(deadline=None, max_examples=60)
@given(small_problems())
def test_the_exact_search_alone_lacks_as_little_as_can_be(counts):
    found = search_exactly(counts)
    no_test, *lacking = rank_of(counts, found.splits)[0]
    assert not no_test
    assert tuple(lacking) == found.fewest == best_rank(as_dicts(counts))[0][1:]


def test_the_exact_search_takes_no_part_of_a_half():
    """11 images of each of three species at two cameras, 6 of one species here, 6 of two there."""
    assert search_exactly(np.array([[6, 5, 5], [5, 6, 6]])).fewest == (0, 1, 0, 1)


@settings(deadline=None, max_examples=60)
@given(small_problems(), st.data())
def test_shortfalls_are_counted_and_counting_proves_only_what_is_true(counts, data):
    splits = data.draw(arrays(np.int64, len(counts), elements=st.integers(0, 2)))
    (no_test, *lacking), _ = rank_of(counts, splits)
    found = shortfalls(counts, splits)
    assert found == tuple(lacking)
    best = best_rank(as_dicts(counts))[0][1:]
    for place, proven in enumerate(reached(found, [fewest_by_counting(counts)])):
        assert not proven or no_test or found[: place + 1] == best[: place + 1]


def test_only_what_has_the_fewest_of_all_that_comes_before_is_proven():
    assert reached((0, 1, 3, 1), [(0, 1, 3, 1)]) == ALL
    assert reached((0, 1, 3, 1), [(0, 1, 2, 1)]) == (True, True, False, False)
    assert reached((0, 1, 3, 1), [(0, 0, 3, 1), (0, 1, 3)]) == (True, True, True, False)
    assert reached((2, 0, 0, 0), [(0, 0, 0, 0), ()]) == (False,) * 4


@settings(deadline=None, max_examples=60)
@given(small_problems(), st.data())
def test_the_cost_ranks_assignments_as_the_priorities_do(counts, data):
    choices = data.draw(arrays(np.int64, (2, len(counts)), elements=st.integers(0, 2)))
    if data.draw(st.booleans()):  # else they seldom lack equally much
        choices[1, 1:] = choices[0, 1:]
    one, other = (rank_of(counts, splits) for splits in choices)
    costs = cost(make_problem(counts, WANTED), choices)
    if one[0] != other[0]:
        assert (costs[0] < costs[1]) == (one[0] < other[0])
    else:
        assert costs[0] - costs[1] == pytest.approx(one[1] - other[1], abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(1, 9)), min_size=60, max_size=400),
    st.integers(0, 5),
)
def test_a_species_of_many_groups_lies_within_one_group_of_every_share(groups, seed):
    counts = np.zeros((len(groups), 3), np.int64)
    for row, (species, size) in enumerate(groups):
        counts[row, species] = size
    counts = counts[:, counts.any(axis=0)]
    splits = assign_groups(counts, WANTED, seed=seed).splits
    for sizes in counts.T:
        largest, total = sizes.max(), sizes.sum()
        if total * min(WANTED) >= largest:  # otherwise one group is more than the share of val
            for split, share in enumerate(WANTED):
                assert abs(sizes[splits == split].sum() - total * share) <= largest


def test_one_untrained_species_is_worse_than_three_with_less_than_half():
    counts = np.array([[9, 4, 4, 4], [0, 6, 6, 6]])
    halved, untrained = cost(make_problem(counts, WANTED), np.array([[0, 2], [2, 0]]))
    assert halved < untrained


def test_a_species_without_validation_images_costs_a_quarter():
    """Two species of 20 images: one divided as wanted, the other so or 18 / 0 / 2."""
    counts = np.repeat(np.eye(2, dtype=np.int64), 20, axis=0)
    as_wanted, without_val = np.repeat([0, 1, 2], [17, 1, 2]), np.repeat([0, 2], [18, 2])
    splits = [np.append(as_wanted, as_wanted), np.append(as_wanted, without_val)]
    costs = cost(make_problem(counts, WANTED), np.stack(splits))
    np.testing.assert_allclose(costs, [0, 0.05 + 0.05 + 0.25], atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(small_problems(), st.data())
def test_the_cost_of_a_move_is_the_difference_of_costs(counts, data):
    splits = data.draw(arrays(np.int64, len(counts), elements=st.integers(0, 2)))
    group = data.draw(st.integers(0, len(counts) - 1))
    home, target = int(splits[group]), int(data.draw(st.integers(0, 2)))
    problem, moved = make_problem(counts, WANTED), splits.copy()
    moved[group] = target
    before, after = tally(problem, splits).T, tally(problem, moved).T
    places = np.array([home, target])
    each = change(problem, before[places], after[places], places)
    alone = change(problem, before[target], after[target][None], target)
    assert alone[0] == pytest.approx(each[1])
    expected = cost(problem, moved) - cost(problem, splits)
    assert (each.sum() if home != target else 0) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("groups", "proven"),
    [(1, "train half test"), (2, "train half test"), (3, "train"), (9, "train half test val")],
)
def test_counting_proves_what_follows_from_the_number_of_groups(groups, proven):
    """One species, one image a group: one group in val, one in test, the others in train."""
    splits = np.array([0, 2, 1, 0, 0, 0, 0, 0, 0])[:groups]
    counts = np.ones((groups, 1), np.int64)
    levels = ("train", "half", "test", "val")
    expected = tuple(level in proven.split() for level in levels)
    assert reached(shortfalls(counts, splits), [fewest_by_counting(counts)]) == expected


def test_beyond_the_limit_of_the_exact_search_only_counting_proves():
    """Nine species, each at two of nine cameras in a ring: not all can be tested."""
    counts = np.eye(9, dtype=np.int64) * 5 + np.roll(np.eye(9, dtype=np.int64), 1, axis=1) * 5
    assert assign_groups(counts, WANTED, seed=0).proven == ALL
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coverage, "_MOST", counts.size - 1)
        found = assign_groups(counts, WANTED, seed=0)
    assert shortfalls(counts, found.splits)[2]
    assert found.proven == (True, True, False, False)


def test_a_species_bound_to_a_camera_is_learnt_there_and_the_others_keep_their_shares():
    """Porcupines: 124 of 132 at one camera. Checked against all 59,049 assignments."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(12, (10, 8))
    counts[:, 0] = 0
    counts[[2, 4, 6, 9], 0] = 2, 124, 3, 3
    splits = assign_groups(counts, WANTED, seed=0).splits
    problem = make_problem(counts, WANTED)
    every = np.indices((3,) * 10).reshape(10, -1).T
    assert cost(problem, splits) == pytest.approx(cost(problem, every).min())
    shares = counts.T @ (splits[:, None] == np.arange(3)) / counts.sum(axis=0)[:, None]
    assert splits[4] == SPLITS.index("train")
    assert (shares[:, 2] > 0).all()
    assert np.abs(shares[1:] - WANTED).max() < 0.15
    np.testing.assert_allclose(shares.mean(axis=0), WANTED, atol=0.05)


def test_no_move_of_one_group_betters_the_search():
    rng = np.random.default_rng(0)
    counts = rng.poisson(0.3, (300, 8)) * rng.integers(1, 9, (300, 1))
    problem = make_problem(counts[counts.any(axis=1)], WANTED)
    splits = search(problem, np.random.default_rng(1))
    moved = np.repeat(splits[None], 3 * len(splits), axis=0)
    moved[np.arange(len(moved)), np.repeat(np.arange(len(splits)), 3)] = np.arange(len(moved)) % 3
    assert cost(problem, moved).min() >= cost(problem, splits) - 1e-8


def test_large_and_small_groups_are_drawn_alike():
    """Nothing but the shares decides: the size of a test group is that of any group."""
    rng = np.random.default_rng(0)
    sizes = rng.geometric(0.2, 4000)
    counts = np.zeros((4000, 2), np.int64)
    counts[np.arange(4000), np.arange(4000) % 2] = sizes
    means = [
        sizes[assign_groups(counts, WANTED, seed=seed).splits == 2].mean() for seed in range(12)
    ]
    error = sizes.std() / np.sqrt(400 * len(means))
    assert abs(np.mean(means) - sizes.mean()) < 4 * error


def test_seeds_draw_other_groups_and_the_same_seed_the_same():
    counts = np.eye(2, dtype=np.int64)[np.arange(200) % 2]
    first, again, other = (assign_groups(counts, WANTED, seed=s).splits for s in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).sum() > 10


def test_an_exact_search_helps_where_the_local_one_is_stuck():
    """60 species at 4 of 60 cameras each; the local search alone tests fewer."""
    rng = np.random.default_rng(0)
    counts = np.zeros((60, 60), np.int64)
    for species in range(60):
        counts[rng.choice(60, 4, replace=False), species] = rng.integers(1, 50, 4)
    counts = counts[counts.any(axis=1)]
    problem = make_problem(counts, WANTED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_search, "_KICKS", 0)
        local = search(problem, np.random.default_rng(0))
        both = assign_groups(counts, WANTED, seed=0)
    assert both.proven == ALL
    exact = search_exactly(counts)
    assert rank_of(counts, both.splits)[0][1:] == exact.fewest
    assert rank_of(counts, both.splits)[0] < rank_of(counts, local)[0]
