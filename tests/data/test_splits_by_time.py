import re
from collections import Counter
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference.slow_splits import FRACTIONS, slow_time_split
from reference.split_tables import table

from camtrap_jax.data.splits import SPLITS, split_images

START = datetime(2019, 5, 6, 19, 6)
REASON = "no time: left out of a split by time"


def moment(second):
    return "" if second is None else str(START + timedelta(seconds=second))


def shots(rows):
    """Makes a table of (species, camera, sequence, second or None)."""
    return table(
        [
            (f"{row}.jpg", species, camera, sequence, moment(second), "", row)
            for row, (species, camera, sequence, second) in enumerate(rows)
        ]
    )


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["eland", "lion", "oribi"]),
        st.sampled_from(["", "A", "B"]),
        st.sampled_from(["", "", "1", "2"]),
        st.one_of(st.none(), *[st.integers(0, 60)] * 4),
    ),
    min_size=1,
    max_size=30,
)
# Bursts of a few seconds: a sequence is the time it began at.
BRIEF = st.lists(
    st.tuples(
        st.sampled_from(["eland", "lion"]),
        st.sampled_from(["A", "B"]),
        st.integers(0, 60),
        st.integers(0, 3),
    ).map(lambda shot: (shot[0], shot[1], f"s{shot[2]}", shot[2] + shot[3])),
    min_size=1,
    max_size=60,
)


@settings(deadline=None, max_examples=150)
@given(st.one_of(ROWS, BRIEF), st.randoms(use_true_random=False))
def test_the_borders_are_those_of_trying_every_moment(rows, random):
    images = shots(rows)
    timed = [
        (species, (camera, sequence) if sequence else row, second)
        for row, (species, camera, sequence, second) in enumerate(rows)
        if second is not None
    ]
    kept = [row for row, shot in enumerate(rows) if shot[3] is not None]
    possible = {shot[0] for shot in rows} == {shot[0] for shot in timed}
    expected = slow_time_split(timed) if possible and timed else None
    if expected is None:
        with pytest.raises(ValueError, match=r"^--split=time: .*use --split=sequence$"):
            split_images(images, method="time", seed=0)
        return
    found = split_images(images, method="time", seed=0)
    assert found.splits[kept].tolist() == expected
    assert found.left_out == [(row, REASON) for row in range(len(rows)) if row not in kept]
    assert set(found.splits) - {""} >= {"train", "test"}
    order = random.sample(range(len(rows)), len(rows))
    again = split_images(images.iloc[order], method="time", seed=1)
    assert again.splits.tolist() == found.splits[order].tolist()
    assert again.notes == found.notes


@settings(deadline=None, max_examples=100)
@given(st.one_of(ROWS, BRIEF))
def test_train_comes_before_val_before_test_and_bursts_are_whole(rows):
    images = shots(rows)
    try:
        splits = split_images(images, method="time", seed=0).splits
    except ValueError:
        assume(False)
    last = ""
    for split in SPLITS:
        times = images.loc[splits == split, "datetime"]
        assert last < min(times, default="x")
        last = max(times, default=last)
    bursts = images[(images["sequence"] != "") & (splits != "")]
    parted = bursts.assign(split=splits[bursts.index]).groupby(["camera", "sequence"])["split"]
    assert (parted.nunique() == 1).all()
    assert set(images["species"]) == set(images.loc[splits == "train", "species"])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32))
def test_the_mean_share_over_species_is_the_wanted_one(seed):
    """Not the share of all images: the rare species come late and the common one early."""
    rng = np.random.default_rng(seed)
    times = {"eland": rng.beta(1, 3, 3000), "lion": rng.beta(2, 1, 300), "oribi": rng.random(200)}
    rows = [(name, "A", "", int(1e7 * time)) for name, values in times.items() for time in values]
    splits = split_images(shots(rows), method="time", seed=0).splits
    species = np.array([row[0] for row in rows])
    for split, share in FRACTIONS.items():
        found = np.mean([(splits[species == name] == split).mean() for name in times])
        assert found == pytest.approx(share, abs=1 / 200)


@settings(deadline=None, max_examples=100)
@given(st.one_of(ROWS, BRIEF))
def test_the_notes_are_true_and_complete(rows):
    images = shots(rows)
    try:
        found = split_images(images, method="time", seed=0)
    except ValueError:
        assume(False)
    told = {note.split(":")[0]: note for note in found.notes}
    assert len(told) == len(found.notes)
    begins = {
        split: min(images.loc[found.splits == split, "datetime"], default="") for split in SPLITS
    }
    assert ("val is empty" in told) == (not begins["val"])
    for species, group in images.assign(split=found.splits).groupby("species"):
        sizes = Counter(group["split"])
        note = told.get(species, "")
        assert bool(note) == (not sizes["test"] or bool(begins["val"] and not sizes["val"]))
        counted = f"(train {sizes['train']}, val {sizes['val']}, test {sizes['test']})"
        if not note:
            continue
        assert counted in note
        if sizes["test"]:
            said = (
                f"not seen from {begins['val']} on and before {begins['test']}, so it is not in val"
            )
            assert said in note
        else:
            last = max(group.loc[group["split"] != "", "datetime"])
            assert f"last seen {last}, and test begins {begins['test']}" in note
            assert note.endswith("; its accuracy cannot be measured")
    bare = (found.splits == "").sum()
    have = "has no time and is" if bare == 1 else "have no time and are"
    images_word = "image" if len(images) == 1 else "images"
    said = f"{bare} of {len(images)} {images_word} {have} left out"
    assert (said in found.notes) == (bare > 0)


def test_borders_by_hand():
    """20 moments of one species; a burst from 15 to 17 stands in the way of the 85 % border."""
    rows = [("eland", "A", "1" if 15 <= n <= 17 else "", n) for n in range(20)]
    found = split_images(shots(rows), method="time", seed=0)
    assert found.splits.tolist() == ["train"] * 18 + ["test"] * 2
    assert found.notes[0] == "val is empty: no border between bursts is nearer to its share"
    rows = [("eland", "A", "", n) for n in range(20)]
    found = split_images(shots(rows), method="time", seed=0)
    assert found.splits.tolist() == ["train"] * 17 + ["val"] + ["test"] * 2
    assert found.notes == []


def test_a_species_that_comes_late_moves_the_border_and_the_rest_is_shared_as_wanted():
    """Lions come from 95 on, so train has (9 * 0.96 + 1 / 3) / 10 = 90 %, and val 3.4 % of 10."""
    rows = [(f"antelope {k}", "A", "", n) for n in range(100) for k in range(9)]
    rows += [("lion", "A", "", n) for n in (95, 97, 99)]
    splits = split_images(shots(rows), method="time", seed=0).splits
    assert splits[: 9 * 96].tolist() == ["train"] * 9 * 96
    assert splits[9 * 96 : 900].tolist() == ["val"] * 18 + ["test"] * 18
    assert splits[900:].tolist() == ["train", "val", "test"]


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([("lion", "", "", None)], "none of 1 image has a time; use --split=sequence"),
        (
            [("lion", "", "", 1), ("red duiker", "", "", None)],
            r"has a time: red duiker \(1 image\)",
        ),
        ([("lion", "", "", 1), ("lion", "", "", 1)], "expected at least 2 bursts one after"),
        ([("lion", "A", "1", 1), ("lion", "A", "1", 9)], "expected at least 2 bursts one after"),
        (
            [("lion", "", "", 1), ("red duiker", "", "", 2)],
            "in the last burst only, so not in train: red duiker; .*excluded_labels='red duiker'",
        ),
    ],
)
def test_what_cannot_be_split_is_refused(rows, reason):
    with pytest.raises(ValueError, match=reason) as why:
        split_images(shots(rows), method="time", seed=0)
    assert re.match("--split=time: ", str(why.value))
    assert len(str(why.value).splitlines()) == 1
