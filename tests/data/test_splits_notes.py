import re
import shlex
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference.slow_splits import FRACTIONS, best_rank, group_counts, rank
from reference.split_tables import cameras, stations, table

from camtrap_jax.data.splits import SPLITS, coverage, search, split_images
from camtrap_jax.data.splits import assignment as engine
from camtrap_jax.data.splits.notes import group_notes
from camtrap_jax.data.splits.wording import CAMERA


@settings(deadline=None, max_examples=60)
@given(cameras())
def test_a_refusal_names_the_species_its_cameras_and_a_setting_that_helps(images):
    try:
        split_images(images, method="camera", seed=0)
    except ValueError as error:
        check_refusal(images, str(error))
    else:
        assume(False)


def check_refusal(images, message):
    """Names each untrained species, its cameras, and a setting that helps."""
    cameras = sorted(set(images["camera"]))
    assert "--split=sequence" in message
    if len(cameras) < 2:
        assert f"expected at least 2 cameras, got {len(cameras)} ({cameras[0]})" in message
        return
    setting = re.search(r"--config\.data\.excluded_labels=(.*), or use", message)
    if not setting:
        return
    (names,) = shlex.split(setting[1])
    for name in names.split(","):
        places = sorted(set(images.loc[images["species"] == name, "camera"]))
        counted = f"{len(places)} camera{'s' if len(places) > 1 else ''} ({', '.join(places)})"
        assert f"{name} is seen at {counted}" in message
    rest = images[~images["species"].isin(names.split(","))]
    assert rest["species"].nunique() >= 2
    split_images(rest, method="camera", seed=0)


@settings(deadline=None, max_examples=60)
@given(cameras(), st.booleans())
def test_the_notes_are_true_and_complete(images, exact):
    """Checked against what is in each split, and what could be in the best of all assignments."""
    counts = group_counts(images["species"], images["camera"])
    with pytest.MonkeyPatch.context() as patch:
        if not exact:
            patch.setattr(engine, "_FEW", 0)
            patch.setattr(coverage, "_MOST_PATTERNS", 0)
            patch.setattr(search, "_KICKS", 3)
        try:
            found = split_images(images, method="camera", seed=0)
        except ValueError:
            assume(False)
    by_camera = dict(zip(images["camera"], found.splits, strict=True))
    lacking, _ = rank(counts, [by_camera[camera] for camera in sorted(by_camera)])
    told = {note.split(":")[0]: note for note in found.notes}
    assert len(told) == len(found.notes)
    best, _ = best_rank(counts)
    for note in found.notes:
        levels = 3 if "has more in test" in note else 4
        assert "(proven)" not in note or lacking[:levels] == best[:levels]
        assert not exact or "was found" not in note
    empty = "val" not in set(found.splits)
    assert empty == ("val is empty" in told)
    for species, group in images.assign(split=found.splits).groupby("species"):
        sizes = Counter(group["split"])
        places = sorted(set(group["camera"]))
        note = told.pop(species, "")
        assert bool(note) == (not sizes["test"] or (not sizes["val"] and not empty))
        if note:
            check_species_note(note, species, sizes, places)
    check_share_note(told.pop("shares of train, val and test", ""), images, found.splits)
    assert set(told) <= {"val is empty"}


def check_species_note(note, species, sizes, places):
    seen = f"{len(places)} camera{'s' if len(places) > 1 else ''} ({', '.join(places)})"
    assert note.startswith(f"{species}: seen at {seen}")
    assert ("accuracy cannot be measured" in note) == (not sizes["test"])
    counted = f"train {sizes['train']}, val {sizes['val']}, test {sizes['test']}"
    if len(places) == 1:
        plural = "s" if sizes["train"] > 1 else ""
        assert f"in train only ({sizes['train']} image{plural})" in note
        assert set(sizes) == {"train"}
    else:
        assert counted in note
    assert ("not in test" in note) == (len(places) > 1 and not sizes["test"])
    assert not (sizes["test"] and sizes["val"])


def check_share_note(note, images, splits):
    """The worst species is off by more than 5 % and two images; without a note none is."""
    wanted = np.array(list(FRACTIONS.values()))
    off, shares = {}, {}
    for species, group in images.assign(split=splits).groupby("species"):
        found = np.array([(group["split"] == split).sum() for split in SPLITS])
        shares[species] = found / found.sum()
        apart = np.abs(shares[species] - wanted)
        if ((apart > 0.05) & (apart * found.sum() > 2)).any():
            off[species] = apart.sum()
    assert bool(note) == bool(off)
    if note:
        mean, worst, name = re.search(
            r": (.*) % on the mean .*, (.*) % of (.*) \(fur", note
        ).groups()
        assert off[name] == pytest.approx(max(off.values()))
        for text, share in (mean, np.mean(list(shares.values()), axis=0)), (worst, shares[name]):
            numbers = [int(number) for number in text.split(" / ")]
            np.testing.assert_allclose(numbers, 100 * share, atol=0.51)


def test_three_real_stations_by_hand():
    images = stations()
    found = split_images(images, method="camera", seed=0)
    by_camera = dict(zip(images["camera"], found.splits, strict=True))
    assert by_camera == {"StationA": "test", "StationB": "train", "StationC": "train"}
    unmeasured = "its accuracy cannot be measured"
    assert found.notes[:4] == [
        "val is empty: no choice of cameras with as many species in train and test leaves one for "
        "it (proven)",
        f"EGY: seen at 1 camera (StationC), so it is in train only (9 images); {unmeasured}",
        f"MNE: seen at 1 camera (StationB), so it is in train only (10 images); {unmeasured}",
        f"TRA: seen at 1 camera (StationC), so it is in train only (17 images); {unmeasured}",
    ]
    assert len(found.notes) == 5


def test_what_was_not_proven_is_not_called_so():
    species, places = ["eland", "lion"], [["A", "B", "C"], ["A", "B", "C", "D"]]
    sizes = np.array([[9, 0, 4], [7, 3, 0]])
    eland = (
        "eland: seen at 3 cameras (A, B, C), but not in val (train 9, val 0, test 4): no choice "
    )
    lion = (
        "lion: seen at 4 cameras (A, B, C, D), but not in test (train 7, val 3, test 0); its "
        "accuracy cannot be measured: no choice "
    )
    both = "of cameras with as many species in train and test "
    assert group_notes(species, places, sizes, CAMERA, (True, True, False)) == [
        f"{eland}{both}was found that has more in val",
        f"{lion}of cameras with as many species in train has more in test (proven)",
    ]
    assert group_notes(species, places, sizes, CAMERA, (True, False, True))[1] == (
        f"{lion}of cameras with as many species in train was found that has more in test"
    )
    empty = group_notes(species[:1], places[:1], sizes[:1], CAMERA, (True, True, False))
    assert empty == [f"val is empty: no choice {both}was found that leaves one for it"]
    in_all = group_notes(["oribi"], [["A", "B"]], np.array([[5, 0, 4]]), CAMERA, (True,) * 3)
    assert in_all == [f"val is empty: no choice {both}leaves one for it (proven)"]


def test_images_without_a_camera_are_left_out_and_counted():
    images = stations()
    images.loc[[0, 5], "camera"] = ""
    found = split_images(images, method="camera", seed=0)
    reason = "no camera: left out of a split by camera"
    assert found.left_out == [(0, reason), (5, reason)]
    assert found.notes[0] == "2 of 67 images have no camera and are left out"
    one = split_images(images.drop(index=5), method="camera", seed=0)
    assert one.notes[0] == "1 of 66 images has no camera and is left out"


def test_a_species_without_any_camera_is_refused():
    images = stations()
    images.loc[images["species"] == "TRA", "camera"] = ""
    with pytest.raises(
        ValueError, match=r"TRA \(17 images\); .*excluded_labels=TRA, or .*sequence"
    ):
        split_images(images, method="camera", seed=0)
    with pytest.raises(ValueError, match="none of 67 images has a camera; use --split=sequence"):
        split_images(images.assign(camera=""), method="camera", seed=0)


def test_a_species_that_only_one_camera_of_two_sees_is_refused_and_quoted():
    rows = [
        (f"{camera}/{species}/{number}.jpg", species, camera, "", "", "", 10 * row + number)
        for row, (camera, species) in enumerate(
            [("A", "lion"), ("A", "eland"), ("B", "eland"), ("B", "red duiker"), ("B", "oribi")]
        )
        for number in range(5)
    ]
    expected = (
        "--split=camera: no choice of cameras for test, among 2, leaves training images of every "
        "species: lion is seen at 1 camera (A); leave it out with "
        "--config.data.excluded_labels=lion, or use --split=sequence"
    )
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        split_images(table(rows), method="camera", seed=0)
    renamed = table(rows).replace({"species": {"lion": "honey badger"}})
    with pytest.raises(ValueError, match="excluded_labels='honey badger', or"):
        split_images(renamed, method="camera", seed=0)


def test_only_duplicates_kept_together_is_said():
    images = stations()
    note = "no image has a sequence: only duplicates were kept together"
    assert note in split_images(images, method="sequence", seed=0).notes
    images.loc[0, "sequence"] = "1"
    assert note not in split_images(images, method="sequence", seed=0).notes


def test_one_group_is_refused():
    images = stations().assign(near_duplicate=0)
    expected = "expected at least 2 groups of bursts and duplicates, got 1; use --split=random"
    with pytest.raises(ValueError, match=expected):
        split_images(images, method="sequence", seed=0)
