import json
from itertools import chain

import numpy as np
import pytest
from reference.audit_tables import animals, audited, files_of, manifest

from camtrap_jax.config import DataConfig
from camtrap_jax.data.audit import audit, shared_with_train
from camtrap_jax.store import read_table, write_json, write_table


def test_a_camera_that_takes_most_of_a_species_is_named():
    table = manifest(
        *animals("reedbuck", ["C1"] * 9 + ["C2"]),
        *animals("baboon", ["C1"] * 5 + ["C2"] * 5),
        *animals("lion", ["C2"] * 4),  # too few images to say
        *animals("kudu", ["C2"] * 10 + [""] * 5, role="unknown", split="unknown"),
        *animals("empty", ["C2"] * 10, role="empty", split=""),
    )
    found = audited(table)
    assert found["camera_bound_species"] == [
        {"species": "kudu", "camera": "C2", "images": 10, "share": 1.0},
        {"species": "reedbuck", "camera": "C1", "images": 9, "share": 0.9},
    ]
    assert found["without_camera"] == 5
    assert found["roles"] == {"empty": 10, "known": 24, "unknown": 15}
    assert found["splits"] == {"train": 24, "unknown": 15}
    assert found["species"] == {"baboon": 10, "kudu": 15, "lion": 4, "reedbuck": 10}
    assert found["cameras"] == {"C1": 14, "C2": 30}
    assert found["without_datetime"] == found["images"] == found["files"] == 49
    assert found["known_species_splits"]["lion"] == {"train": 4}
    one_camera = table[table["camera"] == "C2"]
    assert audited(one_camera)["camera_bound_species"] == []  # every species is, or none
    assert audited(one_camera)["species_cameras"] is None


def test_duplicates_and_double_labels_are_told_apart():
    found = audited(
        manifest(
            ("a/2.jpg", "a", "known", "test", "", "same"),
            ("a/1.jpg", "a", "known", "train", "", "same"),
            ("a/3.jpg", "a", "known", "test", "", "pair"),
            ("b/3.jpg", "b", "known", "test", "", "pair"),
            ("c.jpg", "a", "known", "test", "", "stored twice"),
            ("c.jpg", "b", "known", "test", "", "stored twice"),
            ("b/9.jpg", "b", "known", "val", "", "alone"),
        )
    )
    assert found["duplicates"] == [["a/1.jpg", "a/2.jpg"]]
    assert found["two_labels"] == [
        {"species": ["a", "b"], "filepaths": ["a/3.jpg", "b/3.jpg"], "image_ids": [2, 3]},
        {"species": ["a", "b"], "filepaths": ["c.jpg", "c.jpg"], "image_ids": [4, 5]},
    ]
    assert (found["images"], found["files"]) == (7, 6)
    assert found["totals"]["duplicates"] == {"groups": 1, "files": 2}
    assert found["totals"]["two_labels"] == {"groups": 2, "files": 3}
    assert found["near_duplicates"] == found["near_duplicates_two_labels"] == []


def test_near_duplicates_are_files_that_are_alike_and_not_the_same():
    table = manifest(
        ("a/1.jpg", "a", "known", "train", "C1", "one"),
        ("a/2.jpg", "a", "known", "test", "C1", "one"),  # a copy
        ("a/3.jpg", "a", "known", "test", "C1", "three"),  # alike
        ("b/4.jpg", "b", "known", "train", "C1", "four"),  # one burst
        ("b/5.jpg", "b", "known", "train", "C1", "five"),
        ("b/6.jpg", "b", "known", "train", "C1", "six"),  # copies, and nothing alike
        ("b/7.jpg", "b", "known", "train", "C1", "six"),
    ).assign(sequence=["", "", "", "s", "s", "", ""])
    found = audited(table, near=[0, 0, 0, 1, 1, 2, 2])
    assert found["near_duplicates"] == [
        {
            "files": 3,
            "one_burst": False,
            "species": ["a"],
            "filepaths": ["a/1.jpg", "a/2.jpg", "a/3.jpg"],
        },
        {"files": 2, "one_burst": True, "species": ["b"], "filepaths": ["b/4.jpg", "b/5.jpg"]},
    ]
    assert found["totals"]["near_duplicates"] == {
        "groups": 2,
        "files": 5,
        "across_bursts": 1,
        "largest": 3,
    }


def test_alike_pictures_whose_labels_differ_are_named():
    table = manifest(
        ("a/1.jpg", "a", "known", "train", "", "1"),  # two species in every frame of a burst
        ("b/1.jpg", "b", "known", "train", "", "1"),
        ("a/2.jpg", "a", "known", "train", "", "2"),
        ("b/2.jpg", "b", "known", "train", "", "2"),
        ("a/3.jpg", "a", "known", "train", "", "3"),  # a wrong label
        ("c/4.jpg", "c", "unknown", "unknown", "", "4"),
        ("e/5.jpg", "empty", "empty", "", "", "5"),  # the animal has left
        ("a/6.jpg", "a", "known", "train", "", "6"),
    )
    found = audited(table, near=[0, 0, 0, 0, 1, 1, 2, 2])
    assert found["near_duplicates_two_labels"] == [
        {
            "files": 2,
            "species": ["a", "c"],
            "images": [
                {"filepath": "a/3.jpg", "species": "a"},
                {"filepath": "c/4.jpg", "species": "c"},
            ],
        }
    ]
    assert found["totals"]["near_duplicates_two_labels"] == {"groups": 1, "files": 2}
    assert found["totals"]["near_duplicates"]["groups"] == 2  # empty frames do not count


def test_long_lists_are_cut_and_counted_in_full(tmp_path):
    names = [(f"a/{n:04d}.jpg", "a", "known", "train", "", str(n // 2)) for n in range(1400)]
    names += [(f"b/{n:04d}.jpg", "b", "known", "train", "", str(n // 2)) for n in range(1400)]
    table = manifest(*names)
    found = audited(table, near=np.arange(2800) % 1400 // 100, people=1)
    for kind in ("duplicates", "two_labels"):
        assert len(found[kind]) < found["totals"][kind]["groups"]
    assert found["totals"]["duplicates"] == {"groups": 1400, "files": 2800}
    assert found["totals"]["two_labels"] == {"groups": 700, "files": 2800}
    assert found["totals"]["near_duplicates"]["largest"] == 200
    assert len(found["near_duplicates"][0]["filepaths"]) < 200
    assert found["totals"]["people"] == {"groups": 700, "files": 2800}
    write_json(tmp_path / "audit.json", found)
    assert (tmp_path / "audit.json").stat().st_size < 1e6


def test_labels_spelt_in_two_ways_are_named():
    names = ["Red Duiker", "red_duiker", "red duiker", "oribi"]
    found = audited(manifest(*[row for name in names for row in animals(name, ["C1"])]))
    assert found["labels_alike"] == [["Red Duiker", "red duiker", "red_duiker"]]


def test_people_under_a_species_label_are_named():
    table = manifest(
        ("a/1.jpg", "lion", "known", "train", "", "1"),
        ("b/1.jpg", "human", "excluded", "", "", "1"),
        ("a/2.jpg", "lion", "known", "train", "", "2"),
    )
    found = audited(table, people=[1, 1, 0])
    assert found["people"] == [{"filepath": "a/1.jpg", "species": "lion"}]


def test_species_with_too_few_images_are_listed_for_each_analysis():
    table = manifest(
        *animals("many", [""] * 300),
        *animals("rare", [""] * 299),
        *[(f"many/t{n}.jpg", "many", "known", "test", "", f"t{n}") for n in range(20)],
        *[(f"rare/t{n}.jpg", "rare", "known", "test", "", f"u{n}") for n in range(2)],
        *animals("lion", [""] * 19, role="unknown", split="unknown"),
        *animals("serval", [""] * 20, role="unknown", split="unknown"),
        *animals("unseen", [""] * 2, split="val"),
    )
    assert audited(table)["too_few_images"] == {
        "units_and_centroids": {"needed": 300, "species": {"rare": 299, "unseen": 0}},
        "novelty_rounds": {"needed": 20, "species": {"lion": 19, "rare": 2, "unseen": 0}},
        "accuracy": {"needed": 3, "species": {"rare": 2, "unseen": 0}},
    }


def split_table():
    table = manifest(
        ("a/1.jpg", "a", "known", "train", "C1", "1"),
        ("a/2.jpg", "a", "known", "test", "C1", "1"),  # the same picture
        ("a/3.jpg", "a", "known", "test", "C2", "3"),  # alike to the first
        ("a/4.jpg", "a", "known", "test", "C2", "4"),  # in its burst, which C2 numbers anew
        ("a/5.jpg", "a", "known", "test", "C1", "5"),  # the same camera
        ("a/6.jpg", "a", "known", "test", "", "6"),
        ("a/7.jpg", "a", "known", "val", "C9", "7"),
        ("a/8.jpg", "a", "known", "test", "C9", "7"),  # only val has it
        ("a/9.jpg", "a", "known", "train", "C3", "9"),
        ("a/10.jpg", "a", "known", "test", "C3", "10"),  # in a trained burst
    )
    return table.assign(sequence=["s", "", "", "s", "", "", "v", "v", "t", "t"])


NEAR = [0, 0, 0, 3, 4, 5, 7, 7, 8, 9]


def test_the_test_images_are_held_against_train():
    assert audited(split_table(), near=NEAR)["test_images"] == {
        "images": 7,
        "same_picture": {"images": 1, "share": 1 / 7},
        "near_duplicate": {"images": 2, "share": 2 / 7},
        "same_burst": {"images": 1, "share": 1 / 7},
        "same_camera": {"images": 3, "share": 3 / 7},
    }
    shares = shared_with_train(split_table(), np.array(NEAR))
    assert shares == {
        "same_picture": 1 / 7,
        "near_duplicate": 2 / 7,
        "same_burst": 1 / 7,
        "same_camera": 3 / 7,
    }


def test_what_cannot_be_told_is_nothing():
    table = split_table().assign(camera="", sequence="")
    found = audited(table, near=NEAR)["test_images"]
    assert found["same_burst"] is found["same_camera"] is None
    assert np.isnan(shared_with_train(table, np.array(NEAR))["same_burst"])
    untested = split_table().assign(split="train")
    assert audited(untested, near=NEAR)["test_images"] == {
        "images": 0,
        **dict.fromkeys(("same_picture", "near_duplicate", "same_burst", "same_camera")),
    }


def test_shares_far_from_the_wanted_ones_are_named():
    def images(name, train, val, test):
        splits = ["train"] * train + ["val"] * val + ["test"] * test
        return [(f"{name}/{n}", name, "known", split, "", f"{name}{n}")
                for n, split in enumerate(splits)]  # fmt: skip

    table = manifest(*images("even", 85, 5, 10), *images("odd", 75, 5, 20), *images("few", 2, 1, 1))
    found = audited(table)["split_shares"]
    assert found["wanted"] == {"train": 0.85, "val": 0.05, "test": 0.10}
    assert found["found"]["test"] == pytest.approx(31 / 204)
    assert found["far_off"] == [
        {"species": "odd", "split": "train", "images": 75, "of": 100},
        {"species": "odd", "split": "test", "images": 20, "of": 100},
    ]


def timed(species, camera, times, saturation):
    rows = animals(species, [camera] * len(times))
    rows = [(f"{camera}{row[0]}", *row[1:5], f"{camera}{row[5]}") for row in rows]
    return rows, times, [saturation] * len(times)


def light_of(*parts):
    rows, times, saturation = ([*chain(*column)] for column in zip(*parts, strict=True))
    return audited(manifest(*rows).assign(datetime=times), saturation=saturation)["light"]


def clock(hour, count=10):
    return [f"2016-07-{day + 1:02d} {hour:02d}:30:00" for day in range(count)]


def test_light_and_hours_are_shares_of_the_species_images():
    found = light_of(
        timed("genet", "C1", [*clock(18, 3), *clock(5, 3), *clock(6, 2), "", ""], 0.0),
        timed("impala", "C1", clock(17), 0.2),
    )
    assert found["species"]["genet"] == {"images": 10, "dated": 8, "infrared": 1.0, "night": 0.75}
    assert found["species"]["impala"] == {"images": 10, "dated": 10, "infrared": 0.0, "night": 0.0}
    assert (found["infrared"], found["night"]) == (0.5, 6 / 18)
    assert found["clocks_in_doubt"] == []


def test_clocks_that_contradict_the_light_are_named():
    found = light_of(
        timed("genet", "right", [*clock(23), *clock(5)], 0.0),
        timed("impala", "right", clock(11), 0.2),
        timed("genet", "wrong", [*clock(11), *clock(14)], 0.0),  # half a day off
        timed("impala", "wrong", clock(23), 0.2),
        timed("genet", "flash", clock(23), 0.2),  # white flash: colour all night
        timed("impala", "flash", clock(11), 0.2),
        timed("genet", "undated", [""] * 10, 0.0),
    )
    assert found["clocks_in_doubt"] == [
        {
            "camera": "wrong",
            "images": 30,
            "infrared": 20,
            "infrared_by_day": 1.0,
            "colour_at_night": 1.0,
            "infrared_around": "13:00",
        }
    ]
    around_midnight = light_of(timed("genet", "C", [*clock(9, 4), *clock(23), *clock(1)], 0.0))
    assert around_midnight["clocks_in_doubt"] == []  # 4 of 24


def strip_of(heights, cameras, crop_bottom):
    table = manifest(*animals("kudu", cameras))
    return audited(table, config=DataConfig(crop_bottom=crop_bottom), strip=heights)["strip"]


def test_the_highest_cameras_strip_is_what_must_be_cut():
    heights = [0.04] * 10 + [0.062] * 9 + [0.0] + [0.0] * 9 + [0.14]
    cameras = ["low"] * 10 + ["high"] * 10 + ["none"] * 10
    found = strip_of(heights, cameras, 0.04)
    assert (found["share"], found["needed"], found["covered"]) == (20 / 30, 0.062, False)
    assert found["cameras"] == {
        "high": {"pictures": 10, "share": 0.9, "median": 0.062},
        "low": {"pictures": 10, "share": 1.0, "median": 0.04},
    }
    assert "--crop_bottom=0.07," in found["advice"]
    assert "6.2 % of the height and only 4 % is cut off" in found["advice"]
    enough = strip_of(heights, cameras, 0.06)
    assert (enough["covered"], enough["advice"]) == (True, "")


def test_strips_of_one_height_are_not_listed_by_camera():
    found = strip_of([0.05] * 20, ["C1"] * 10 + ["C2"] * 10, 0.0)
    assert found["cameras"] == {}
    assert "--crop_bottom=0.05," in found["advice"]
    assert "nothing is cut off" in found["advice"]
    assert strip_of([0.05] * 20, [""] * 20, 0.0)["needed"] == 0.05  # without cameras


def test_cutting_off_what_is_no_strip_is_said():
    found = strip_of([0.0] * 40, ["C1"] * 40, 0.07)
    assert "--crop_bottom=0 keeps them" in found["advice"]
    assert (found["covered"], found["median"]) == (True, None)
    assert strip_of([0.0] * 40, ["C1"] * 40, 0.0)["advice"] == ""


def test_an_audit_of_stored_tables_is_the_same_and_is_json(tmp_path):
    table = split_table().assign(datetime="2016-07-01 11:00:00", species="None")
    write_table(tmp_path / "manifest.csv", table)
    write_table(tmp_path / "pictures.csv", files_of(table))
    stored = [read_table(tmp_path / name) for name in ("manifest.csv", "pictures.csv")]
    settings = {"near_duplicate": np.array(NEAR), "split_notes": ["a note"]}
    before = audit(table, files_of(table), DataConfig(), **settings)
    after = audit(*stored, DataConfig(), **settings)
    assert json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True)
    assert after["split_notes"] == ["a note"]
    assert after["species"] == {"None": 10}


def test_nothing_but_excluded_images_is_audited_too():
    table = manifest(("a.jpg", "human", "excluded", "", "", "1"))
    found = audited(table)
    assert found["species"] == {}
    assert found["light"]["infrared"] is None
    assert found["test_images"]["images"] == 0
    json.dumps(found, allow_nan=False)
