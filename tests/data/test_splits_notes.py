import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from reference.slow_splits import FRACTIONS, best_rank, group_counts, rank
from reference.split_tables import cameras, stations

from camtrap_jax.data.splits import SPLITS, coverage, search, split_images
from camtrap_jax.data.splits import assignment as engine
from camtrap_jax.data.splits.notes import group_notes
from camtrap_jax.data.splits.wording import CAMERA


@settings(deadline=None, max_examples=80)
@given(cameras(), st.booleans())
def test_the_notes_are_true_and_complete(images, exact):
    """Checked against what is in each split, and what could be in the best of all assignments."""
    counts = group_counts(images["species"], images["camera"])
    with pytest.MonkeyPatch.context() as patch:
        if not exact:
            patch.setattr(engine, "_FEW", 0)
            patch.setattr(coverage, "_MOST", 0)
            patch.setattr(search, "_KICKS", 0)
        try:
            found = split_images(images, method="camera", seed=0)
        except ValueError:
            assume(False)
    by_camera = dict(zip(images["camera"], found.splits, strict=True))
    lacking, _ = rank(counts, [by_camera[camera] for camera in sorted(by_camera)])
    best, _ = best_rank(counts)
    levels = {"has fewer such": 3, "has more species in test": 4, "leaves one for it": 5}
    for note in found.notes:
        assert "was found" not in note or not exact
        (level,) = [levels[better] for better in levels if better in note] or [0]
        assert bool(level) == ("no choice of cameras" in note)
        assert "(proven)" not in note or lacking[:level] == best[:level]
        assert "(proven)" in note or "was found" in note or not level
    told = check_every_species(images, found)
    told += [note for note in found.notes if note.startswith("val is empty: ")]
    assert (len(told) and told[-1].startswith("val")) == ("val" not in set(found.splits))
    shares = [note for note in found.notes if note.startswith("shares of train, val and test")]
    check_share_note("".join(shares), images, found.splits)
    assert sorted(told + shares) == sorted(found.notes)


def check_every_species(images, found):
    """Returns the notes on species, each of which is there once, and no other."""
    notes, not_in_val = [], {"": [], ", of 2 cameras each": []}
    some_short = False
    for species, group in images.assign(split=found.splits).groupby("species"):
        sizes, places = Counter(group["split"]), sorted(set(group["camera"]))
        mine = [note for note in found.notes if note.startswith(f"{species}: ")]
        short = 2 * sizes["train"] < len(group)
        some_short |= short
        check_species_notes(mine, sizes, places, short=short)
        notes += mine
        if sizes["test"] and not sizes["val"] and "val" in found.splits:
            not_in_val[", of 2 cameras each" if len(places) == 2 else ""].append(species)
    for note in notes:
        kept = "with every species in train, as many by half, " if some_short else "with half of "
        assert "has more species in test" not in note or kept in note
    lines = [
        ("in train and test, but not in val: ", not_in_val[""]),
        ("in train and test only, of 2 cameras each: ", not_in_val[", of 2 cameras each"]),
    ]
    return notes + [line + ", ".join(names) for line, names in lines if names]


def check_species_notes(notes, sizes, places, *, short):
    cameras = "1 camera" if len(places) == 1 else f"{len(places)} cameras"
    rest = f" and {len(places) - 5} more" if len(places) > 5 else ""
    names = ", ".join(places[:5]) + rest
    counted = f"(train {sizes['train']}, val {sizes['val']}, test {sizes['test']})"
    plural = "" if sizes["train"] == 1 else "s"
    expected = []
    if short:
        expected.append(f", but less than half of it is in train {counted}: no choice of cameras")
    if not sizes["test"] and len(places) == 1:
        assert set(sizes) == {"train"}
        only = f", so it is in train only ({sizes['train']} image{plural})"
        expected.append(f"{only}; its accuracy cannot be measured")
    elif not sizes["test"]:
        missing = f", but not in test {counted}; its accuracy cannot be measured"
        expected.append(f"{missing}: no choice of cameras")
    assert len(notes) == len(expected)
    for note, start in zip(notes, expected, strict=True):
        assert f": seen at {cameras} ({names}){start}" in note


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
        said = re.search(r": (.*) % on the mean .*, (.*) % of (.*) \(fur", note)
        assert said
        mean, worst, name = said.groups()
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
        "val is empty: no choice of cameras with half of every species in train and as many in "
        "test leaves one for it (proven)",
        f"EGY: seen at 1 camera (StationC), so it is in train only (9 images); {unmeasured}",
        f"MNE: seen at 1 camera (StationB), so it is in train only (10 images); {unmeasured}",
        f"TRA: seen at 1 camera (StationC), so it is in train only (17 images); {unmeasured}",
    ]
    assert len(found.notes) == 5


def test_what_was_not_proven_is_not_called_so():
    species, places = ["eland", "lion"], [["A", "B", "C"], ["A", "B", "C", "D"]]
    sizes = np.array([[9, 0, 4], [7, 3, 0]])
    lion = (
        "lion: seen at 4 cameras (A, B, C, D), but not in test (train 7, val 3, test 0); its "
        "accuracy cannot be measured: no choice of cameras with half of every species in train "
    )
    eland = "in train and test, but not in val: eland"
    found = group_notes(species, places, sizes, CAMERA, (True, True, True, False))
    assert found == [f"{lion}has more species in test (proven)", eland]
    found = group_notes(species, places, sizes, CAMERA, (True, True, False, False))
    assert found == [f"{lion}was found that has more species in test", eland]
    both = "no choice of cameras with half of every species in train and as many in test "
    empty = group_notes(species[:1], places[:1], sizes[:1], CAMERA, (True, True, True, False))
    assert empty == [f"val is empty: {both}was found that leaves one for it"]
    in_all = group_notes(
        ["oribi"], [["A", "B"]], np.array([[5, 0, 4]]), CAMERA, (True, True, True, True)
    )
    assert in_all == [f"val is empty: {both}leaves one for it (proven)"]


def test_a_species_with_less_than_half_in_train_is_named_with_the_reason():
    species, places = ["eland", "lion"], [["A", "B"], ["A", "B", "C"]]
    sizes = np.array([[9, 0, 9], [4, 5, 0]])
    lion = "lion: seen at 3 cameras (A, B, C), but "
    scarce = f"{lion}less than half of it is in train (train 4, val 5, test 0): no choice of "
    served = "cameras with every species in train and some in test "
    untested = (
        f"{lion}not in test (train 4, val 5, test 0); its accuracy cannot be measured: no choice "
        "of cameras with every species in train, as many by half, "
    )
    two = "in train and test only, of 2 cameras each: eland"
    found = group_notes(species, places, sizes, CAMERA, (True, True, False, False))
    assert found == [
        f"{scarce}{served}has fewer such (proven)",
        f"{untested}was found that has more species in test",
        two,
    ]
    found = group_notes(species, places, sizes, CAMERA, (True, False, False, False))
    assert found[0] == f"{scarce}{served}was found that has fewer such"


def test_images_without_a_camera_are_left_out_and_counted():
    images = stations()
    images.loc[[0, 5], "camera"] = ""
    found = split_images(images, method="camera", seed=0)
    reason = "no camera: left out of a split by camera"
    assert found.left_out == [(0, reason), (5, reason)]
    assert found.notes[0] == "2 of 67 images have no camera and are left out"
    one = split_images(images.drop(index=5), method="camera", seed=0)
    assert one.notes[0] == "1 of 66 images has no camera and is left out"


def test_only_duplicates_kept_together_is_said():
    images = stations()
    note = "no image has a sequence: only duplicates were kept together"
    assert note in split_images(images, method="sequence", seed=0).notes
    images.loc[0, "sequence"] = "1"
    assert note not in split_images(images, method="sequence", seed=0).notes
