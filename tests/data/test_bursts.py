from collections import defaultdict
from itertools import combinations

import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference.slow_splits import slow_bursts

from camtrap_jax.data.bursts import burst_names, find_sequences

QUICK = settings(deadline=None, max_examples=100)
SECONDS = st.integers(0, 40)
CAMERAS = st.sampled_from(["", "A", "B", "A 2019-05-06"])


def moment(second):
    return "" if second is None else f"2019-05-06 19:{6 + second // 60:02d}:{second % 60:02d}"


FILES = st.dictionaries(
    st.sampled_from([f"{letter}.jpg" for letter in "abcdefghijklmnop"]),
    st.tuples(
        CAMERAS,
        st.sampled_from(["", "", "", "1", "2", f"A {moment(0)}", f"A {moment(5)}", moment(5)]),
        st.one_of(st.none(), st.integers(0, 9)),
        st.one_of(st.none(), SECONDS).map(moment),
        st.integers(1, 3),
    ),
    min_size=1,
)


def table(files):
    """One row a file and label."""
    rows = [
        (name, camera, sequence, frame, when)
        for name, (camera, sequence, frame, when, labels) in files.items()
        for _ in range(labels)
    ]
    columns = ["filepath", "camera", "sequence", "frame", "datetime"]
    images = pd.DataFrame(rows, columns=columns)
    return images.astype({"frame": "Int64"} | dict.fromkeys(columns[:3] + columns[4:], "str"))


def by_file(images, found):
    """{filepath: (sequence, frame)}; every row of a file must say the same."""
    pairs = defaultdict(set)
    for name, sequence, frame in zip(
        images["filepath"], found["sequence"], found["frame"], strict=True
    ):
        pairs[name].add((sequence, None if frame is pd.NA else int(frame)))
    assert all(len(values) == 1 for values in pairs.values())
    return {name: values.pop() for name, values in pairs.items()}


@QUICK
@given(FILES, st.sampled_from([0.5, 1, 2, 3, 10]), st.randoms(use_true_random=False))
def test_found_bursts_are_those_of_the_definition(files, gap_sec, random):
    images = table(files)
    found = by_file(images, find_sequences(images, gap_sec=gap_sec))
    loose = {
        n: (c, when) for n, (c, sequence, _, when, _) in files.items() if when and not sequence
    }
    bursts = defaultdict(set)
    for name in loose:
        bursts[found[name][0]].add(name)
    expected = slow_bursts(loose, gap_sec) if loose else []
    assert sorted(map(sorted, bursts.values())) == sorted(map(sorted, expected))
    assert not set(bursts) & ({sequence for _, sequence, *_ in files.values()} | {""})
    for burst in expected:
        given_frames = [files[name][2] for name in burst]
        for place, name in enumerate(burst, start=1):
            unnumbered = set(given_frames) == {None}
            assert found[name][1] == (place if unnumbered else files[name][2])
    order = random.sample(range(len(images)), len(images))
    shuffled = find_sequences(images.iloc[order], gap_sec=gap_sec)
    assert by_file(images.iloc[order], shuffled) == found
    assert shuffled.index.tolist() == order


@QUICK
@given(FILES, st.sampled_from([0, 2, 10]))
def test_what_is_given_stays_and_what_is_unknown_stays_unknown(files, gap_sec):
    images = table(files)
    found = find_sequences(images, gap_sec=gap_sec)
    assert found.dtypes.astype(str).tolist() == ["str", "Int64"]
    for name, (sequence, frame) in by_file(images, found).items():
        _, given_sequence, given_frame, when, _ = files[name]
        if given_sequence or not when or gap_sec == 0:
            assert sequence == given_sequence
        if given_frame is not None or gap_sec == 0 or not sequence:
            assert frame == given_frame


@QUICK
@given(FILES, FILES, st.sampled_from([2, 5]))
def test_other_cameras_and_other_times_rename_nothing(files, others, gap_sec):
    """Unless they bring a sequence that has a found burst's name."""
    assume(not any(len(sequence) > 1 for _, sequence, *_ in others.values()))
    elsewhere = {f"other/{n}": (f"X{v[0]}", *v[1:]) for n, v in others.items()}
    later = {
        f"later/{n}": (v[0], "", v[2], v[3].replace("19:", "21:"), v[4]) for n, v in others.items()
    }
    images, more = table(files), table(elsewhere | later | files)
    before = by_file(images, find_sequences(images, gap_sec=gap_sec))
    after = by_file(more, find_sequences(more, gap_sec=gap_sec))
    assert {name: after[name] for name in before} == before


def test_frames_at_the_gap_are_two_bursts_by_hand():
    files = {
        "c.jpg": ("A", "", None, moment(2), 1),
        "b.jpg": ("A", "", None, moment(0), 2),
        "a.jpg": ("A", "", None, moment(1), 1),
        "d.jpg": ("A", "", None, moment(4), 1),
        "e.jpg": ("B", "", None, moment(3), 1),
        "f.jpg": ("", "", None, moment(3), 1),
        "g.jpg": ("B", "7", None, moment(9), 1),
        "h.jpg": ("B", "7", None, moment(8), 1),
        "i.jpg": ("B", "", None, moment(None), 1),
    }
    images = table(files)
    assert by_file(images, find_sequences(images, gap_sec=2)) == {
        "b.jpg": ("A 2019-05-06 19:06:00", 1),
        "a.jpg": ("A 2019-05-06 19:06:00", 2),
        "c.jpg": ("A 2019-05-06 19:06:00", 3),
        "d.jpg": ("A 2019-05-06 19:06:04", 1),
        "e.jpg": ("B 2019-05-06 19:06:03", 1),
        "f.jpg": ("2019-05-06 19:06:03", 1),
        "h.jpg": ("7", 1),
        "g.jpg": ("7", 2),
        "i.jpg": ("", None),
    }


def test_a_found_burst_takes_no_name_that_is_given():
    files = {
        "a.jpg": ("A", "", None, moment(0), 1),
        "b.jpg": ("A", f"A {moment(0)}", None, moment(30), 1),
        "c.jpg": ("B", f"A {moment(0)}'", None, moment(30), 1),
    }
    images = table(files)
    found = by_file(images, find_sequences(images, gap_sec=2))
    assert found["a.jpg"] == (f"A {moment(0)}''", 1)


def test_a_file_known_in_one_row_is_known_in_all():
    images = table({"a.jpg": ("A", "", None, "", 1)})
    images = pd.concat([images, table({"a.jpg": ("A", "s9", 4, moment(3), 1)})])
    found = find_sequences(images, gap_sec=2)
    assert found["sequence"].tolist() == ["s9", "s9"]
    assert found["frame"].tolist() == [4, 4]


@pytest.mark.parametrize("gap_sec", [0, 2])
def test_no_images_have_no_bursts(gap_sec):
    found = find_sequences(table({}), gap_sec=gap_sec)
    assert len(found) == 0
    assert found.columns.tolist() == ["sequence", "frame"]


def test_a_sequence_is_one_burst_per_camera():
    pairs = [("a b", "c"), ("a", "b c"), ("", "c"), ("a b", "d"), ("1 a", "c"), ("", "1 a c")]
    names = burst_names(pd.DataFrame(pairs, columns=["camera", "sequence"]))
    assert all(one != other for one, other in combinations(names, 2))
    assert burst_names(pd.DataFrame({"camera": ["a", ""], "sequence": ["", ""]})) == ["", ""]
