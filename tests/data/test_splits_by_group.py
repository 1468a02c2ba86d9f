import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference.slow_splits import FRACTIONS, best_rank, group_counts, rank, slow_components
from reference.split_tables import cameras, stations, table, tables

from camtrap_jax.data.splits import SPLITS, random_split, search, split_images
from camtrap_jax.data.splits.together import bound_together

QUICK = settings(deadline=None, max_examples=40)


@pytest.fixture(autouse=True, scope="module")
def _few_kicks():
    """Nothing here depends on how near the shares of many groups come."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "_KICKS", 20)
        yield


def tied(images):
    rows = images.to_dict("records")

    def together(i, j):
        one, other = rows[i], rows[j]
        burst = one["sequence"] != "" and all(
            one[name] == other[name] for name in ("camera", "sequence")
        )
        copy = one["sha256"] != "" and one["sha256"] == other["sha256"]
        return (
            burst
            or copy
            or one["filepath"] == other["filepath"]
            or one["near_duplicate"] == other["near_duplicate"]
        )

    return together


def groups_of(images, method):
    if method == "camera":
        return images["camera"].tolist()
    return slow_components(len(images), tied(images))


@QUICK
@given(tables())
def test_what_is_bound_together_is_the_components_of_all_ties(images):
    groups = bound_together(images)
    slow = groups_of(images, "sequence")
    assert len(set(zip(groups.tolist(), slow, strict=True))) == len(set(slow)) == groups.max() + 1
    first = images.groupby(groups)["filepath"].min().tolist()
    assert first == sorted(first)


@QUICK
@given(tables(), st.sampled_from(["sequence", "camera"]), st.integers(0, 3))
def test_no_group_is_parted_and_nothing_is_lost(images, method, seed):
    try:
        found = split_images(images, method=method, seed=seed)
    except ValueError:
        return  # what is refused, and how, is checked elsewhere
    left_out = dict(found.left_out)
    if method == "camera":
        assert sorted(left_out) == np.flatnonzero(images["camera"] == "").tolist()
        assert set(left_out.values()) <= {"no camera: left out of a split by camera"}
    else:
        assert not left_out
    for row, split in enumerate(found.splits):
        assert split in (("",) if row in left_out else SPLITS)
    kept = found.splits != ""
    groups = np.array(groups_of(images, method), object)[kept]
    assert len(set(zip(groups, found.splits[kept], strict=True))) == len(set(groups))


@QUICK
@given(
    tables(),
    st.sampled_from(["sequence", "camera"]),
    st.integers(0, 3),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_and_the_numbers_of_likenesses_play_no_part(images, method, seed, random):
    images = images.drop_duplicates("filepath", ignore_index=True)
    order = random.sample(range(len(images)), len(images))
    names = list(range(100, 1000))
    random.shuffle(names)
    other = images.iloc[order].assign(near_duplicate=lambda t: [names[k] for k in t.near_duplicate])
    try:
        found = split_images(images, method=method, seed=seed)
    except ValueError as error:
        with pytest.raises(ValueError, match=re.escape(str(error))):
            split_images(other, method=method, seed=seed)
        return
    again = split_images(other, method=method, seed=seed)
    assert again.splits.tolist() == found.splits[order].tolist()
    assert again.notes == found.notes
    assert sorted((order[row], why) for row, why in again.left_out) == found.left_out


@settings(deadline=None, max_examples=100)
@given(cameras())
def test_cameras_meet_every_priority_that_can_be_met(images):
    counts = group_counts(images["species"], images["camera"])
    (no_test, no_train, *_), _ = best = best_rank(counts)
    try:
        found = split_images(images, method="camera", seed=0)
    except ValueError:
        assert len(counts) < 2 or no_train
        return
    assert len(counts) >= 2
    assert not no_test
    assert not no_train
    by_camera = dict(zip(images["camera"], found.splits, strict=True))
    lacking, off = rank(counts, [by_camera[camera] for camera in sorted(by_camera)])
    assert lacking == best[0]
    assert off == pytest.approx(best[1])


def test_bursts_of_three_frames_keep_within_one_burst_of_the_shares():
    species = ["eland", "lion"]
    rows = [
        (f"{burst}_{frame}.jpg", species[burst % 2], "A", str(burst), "", "", 3 * burst + frame)
        for burst in range(400)
        for frame in range(3)
    ]
    found = split_images(table(rows), method="sequence", seed=0)
    sizes = Counter(zip((row[1] for row in rows), found.splits, strict=True))
    for name in species:
        for split, share in FRACTIONS.items():
            assert abs(sizes[name, split] - 600 * share) <= 3
    assert found.notes == []


def test_a_random_split_is_the_papers():
    images = stations()
    found = split_images(images, method="random", seed=3)
    expected = random_split(images["species"].tolist(), seed=3)
    assert found.splits.tolist() == expected.tolist()
    assert found.left_out == found.notes == []


def test_an_unknown_method_is_refused_in_one_line():
    expected = r"^--split: expected one of random, sequence, camera, time, got 'burst'$"
    with pytest.raises(ValueError, match=expected):
        split_images(stations(), method="burst", seed=0)
