import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camtrap_jax.data.splits import choose_species, random_split, split_sizes

FRACTIONS = (0.85, 0.05, 0.10)
COUNTS = st.dictionaries(st.text(min_size=1, max_size=3), st.integers(1, 60), max_size=8)


@given(st.integers(3, 5000))
def test_sizes_are_within_one_image_of_the_fractions(count):
    sizes = split_sizes(count, FRACTIONS)
    assert sum(sizes) == count
    assert min(sizes) >= 1
    for size, fraction in zip(sizes[1:], FRACTIONS[1:], strict=True):
        assert size == 1 or abs(size - count * fraction) < 1
    assert abs(sizes[0] - count * FRACTIONS[0]) < 2


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(3, [1, 1, 1]), (5, [3, 1, 1]), (10, [8, 1, 1]), (20, [17, 1, 2]), (1000, [850, 50, 100])],
)
def test_sizes_by_hand(count, sizes):
    assert split_sizes(count, FRACTIONS) == sizes


@settings(deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=40), st.integers(0, 5))
def test_a_species_is_split_by_itself(others, seed):
    mine = np.array(["me"] * 30, object)
    alone = random_split(mine, seed=seed)
    mixed = np.concatenate([[name] * 3 for name in others] + [mine]) if others else mine
    np.testing.assert_array_equal(random_split(mixed, seed=seed)[mixed == "me"], alone)
    assert Counter(alone) == dict(
        zip(("train", "val", "test"), split_sizes(30, FRACTIONS), strict=True)
    )


def test_seeds_give_other_splits():
    species = ["a"] * 100 + ["b"] * 100
    first, again, other = (random_split(species, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert (first[:100] != first[100:]).any()  # species are not split alike


def test_the_most_abundant_are_known_and_ties_go_by_name():
    counts = {"d": 5, "b": 5, "c": 9, "a": 4}
    assert choose_species(counts, num_known=2, min_images=3) == (["b", "c"], ["a", "d"])
    assert choose_species(counts, num_known=9, min_images=3) == (["a", "b", "c", "d"], [])


@settings(deadline=None)
@given(COUNTS, st.integers(2, 8), st.integers(3, 20))
def test_the_advice_helps(counts, num_known, min_images):
    """Whoever follows the settings in the message is not refused again."""
    try:
        known, unknown = choose_species(counts, num_known=num_known, min_images=min_images)
    except ValueError as error:
        if "num_known=" not in str(error) and "min_images=" not in str(error):
            assert sum(count >= 3 for count in counts.values()) < 2 or len(counts) < 2
            return
        for advice in str(error).split(" or accept")[0:1] + str(error).split(" or accept")[1:]:
            given_settings = dict(re.findall(r"(num_known|min_images)=(\d+)", advice))
            chosen = {"num_known": num_known, "min_images": min_images}
            chosen |= {name: int(value) for name, value in given_settings.items()}
            choose_species(counts, **chosen)
    else:
        assert sorted(known + unknown) == sorted(counts)
        assert min(counts[name] for name in known) >= max([counts[n] for n in unknown], default=0)
        random_split([name for name in known for _ in range(counts[name])], seed=0)


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({}, "got none"),
        ({"lion": 9}, "'lion' with 9 images"),
        ({"lion": 9, "eland": 2}, r"eland \(2\); add images"),
        ({"lion": 9, "eland": 8, "oribi": 2}, r"oribi \(2\); leave them out .*num_known=2$"),
        ({"lion": 9, "eland": 4}, r"eland \(4\); accept them .*min_images=4$"),
    ],
)
def test_what_cannot_be_split_is_refused(counts, reason):
    with pytest.raises(ValueError, match=reason):
        choose_species(counts, num_known=20, min_images=5)
