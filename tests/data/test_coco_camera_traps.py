import copy
import dataclasses
import json

import pytest

from camtrap_jax.data.sources import Failure, read_source

GOOD = {
    "info": {"version": "1"},
    "categories": [
        {"id": 0, "name": "empty"},
        {"id": 1, "name": "lion"},
        {"id": "2", "name": " eland "},
    ],
    "images": [
        {"id": "a", "file_name": "C1/a.jpg", "width": 100, "height": 50, "location": 7}
        | {"datetime": "2019-05-01 03:04:05", "seq_id": "s1", "frame_num": 2},
        {"id": 5, "file_name": "C1\\b.jpg", "location": "007", "datetime": "11-Sep-2019 3 PM"},
        {"id": "c", "file_name": "C2/c.jpg", "location": None, "width": "wide", "height": None},
    ],
    "annotations": [
        {"id": "1", "image_id": "a", "category_id": 1, "bbox": [10, 10, 20, 10]},
        {"id": "2", "image_id": "a", "category_id": 1.0, "bbox": [50, 5, 10.5, 10]},
        {"id": "3", "image_id": "5", "category_id": 0, "sequence_level_annotation": True},
        {"id": "4", "image_id": "c", "category_id": 2, "bbox": [1, 2, 3, 4]},
        {"id": "5", "image_id": "c", "category_id": 1},
    ],
}


@pytest.fixture
def read(tmp_path, encoded, pixels):
    """Returns a function that writes annotations next to the good pictures and lists them."""

    def read(value, folder=""):
        for number, name in enumerate(("C1/a.jpg", "C1/b.jpg", "C2/c.jpg")):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded(pixels(number)))
        (tmp_path / "annotations.json").write_text(json.dumps(value))
        return read_source(tmp_path)

    return read


def changed(change):
    value = copy.deepcopy(GOOD)
    change(value)
    return value


def rows(listing):
    return [(image.filepath, image.species) for image in listing.images]


@pytest.mark.parametrize("folder", ["", "images"])
def test_good_annotations(folder, read):
    listing = read(GOOD, folder)
    prefix = f"{folder}/" if folder else ""
    assert listing.failures == []
    assert rows(listing) == [
        (f"{prefix}C1/a.jpg", "lion"),
        (f"{prefix}C1/b.jpg", "empty"),
        (f"{prefix}C2/c.jpg", "eland"),
        (f"{prefix}C2/c.jpg", "lion"),
    ]
    first, second, third, fourth = listing.images
    assert (first.camera, first.sequence, first.frame) == ("7", "s1", 2)
    assert first.datetime == "2019-05-01 03:04:05"
    assert first.box == (10, 5, 50.5, 15)
    assert first.box_frame == (100, 50)
    assert (second.camera, second.frame, second.box) == ("007", None, None)
    assert second.datetime == "2019-09-11 15:00:00"
    assert (third.camera, third.box, third.box_frame) == ("", (1, 2, 3, 4), None)
    assert fourth.box is None


@pytest.mark.parametrize(
    "box",
    [
        [float("nan"), 0, 1, 1],
        [0, 0, float("inf"), 1],
        [0, 0, 1e400, 1],
        [10**400, 0, 1, 1],
        [1e308, 0, 1e308, 1],
        [0, 0, 1, 2e6],
        [True, 0, 1, 1],
        [0, 0, -1, 1],
        [0, 0, 0, 1],
        [1, 2, 3],
        ["1", 2, 3, 4],
        {"x": 1},
        [None] * 4,
        "none",
    ],
)
def test_a_broken_box_costs_the_box_only(box, read):
    listing = read(changed(lambda value: value["annotations"][3].update(bbox=box)))
    assert ("C2/c.jpg", "eland") in rows(listing)
    assert listing.images[2].box is None
    [failure] = listing.failures
    assert failure.filepath == "C2/c.jpg"
    assert failure.reason.startswith("annotations[3].bbox: ")


@pytest.mark.parametrize(
    ("change", "filepath", "reason", "kept"),
    [
        (lambda v: v["annotations"][4].update(category_id=9), "C2/c.jpg", r"category_id: 9", 3),
        (lambda v: v["annotations"][4].update(image_id="x"), "annotations.json", r"'x' is not", 3),
        (lambda v: v["annotations"].pop(2), "C1/b.jpg", "no annotation", 3),
        (lambda v: v["images"][0].update(file_name="no.jpg"), "no.jpg", "not found", 3),
        (lambda v: v["images"][0].update(file_name="C1"), "C1", "not a plain file", 3),
        (lambda v: v["images"][0].update(file_name="../../a.jpg"), "../../a.jpg", "leaves", 3),
        (lambda v: v["images"][0].update(file_name="/etc/passwd"), "/etc/passwd", "leaves", 3),
        (lambda v: v["images"][0].update(file_name="a\0b"), "a\\x00b", "cannot be opened", 3),
        (lambda v: v["images"][0].update(corrupt=True), "C1/a.jpg", "marked as corrupt", 3),
        (lambda v: v["images"].append(v["images"][0] | {"id": "z"}), "C1/a.jpg", "no annot", 4),
        (lambda v: v["categories"][2].update(name=" "), "C2/c.jpg", "category_id: 2", 3),
    ],
)
def test_broken_lines_are_failures_of_their_own(change, filepath, reason, kept, read):
    listing = read(changed(change))
    assert len(listing.images) == kept
    [failure] = listing.failures
    assert failure.filepath == filepath
    assert reason in failure.reason


def test_one_picture_under_two_ids_is_kept_once(read):
    def change(value):
        value["images"].append(value["images"][0] | {"id": "z"})
        value["annotations"].append({"id": "9", "image_id": "z", "category_id": 1})
        value["annotations"].append({"id": "10", "image_id": "z", "category_id": 2})

    listing = read(changed(change))
    assert rows(listing)[:2] == [("C1/a.jpg", "lion"), ("C1/a.jpg", "eland")]
    assert [failure.reason for failure in listing.failures] == ["listed twice as 'lion', kept once"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda v: v["images"][1].pop("file_name"), r"images\[1\].file_name: expected text"),
        (lambda v: v["images"][1].update(id=None), r"images\[1\].id: expected text, got None"),
        (lambda v: v["images"].append("x"), r"images\[3\]: expected an object, got 'x'"),
        (lambda v: v["images"][2].update(id="a"), r"images\[2\].id: 'a' is also the id of 'C1/a"),
        (lambda v: v["categories"][0].pop("name"), r"categories\[0\].name: expected text"),
        (lambda v: v["annotations"].insert(0, [1]), r"annotations\[0\]: expected an object"),
        (
            lambda v: v["images"][1].update(file_name=["x"] * 10**6),
            r"images\[1\].file_name: expected text, got \[",
        ),
        (lambda v: v["images"][1].update(id=True), r"images\[1\].id: expected text, got True"),
        (lambda v: v["categories"][1].update(id=0), r"categories\[1\].id: 0 is also the id of 'em"),
        (lambda v: v["categories"][2].update(id=1.0), r"categories\[2\].id: 1.0 is also the id of"),
    ],
)
def test_a_malformed_file_is_one_error(change, reason, read):
    with pytest.raises(ValueError, match="annotations.json: " + reason) as caught:
        read(changed(change))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 500


def test_a_category_may_be_given_twice(read):
    listing = read(changed(lambda v: v["categories"].append({"id": "1", "name": "lion "})))
    assert listing == read(GOOD)


def test_labels_of_bursts_are_flagged(read):
    """A label is the burst's only until one annotation gives it to the picture itself."""

    def change(value):
        value["annotations"].append({"image_id": "5", "category_id": 1, "bbox": [1, 2, 3, 4]})
        for key, flag in (("a", True), ("c", "yes"), ("5", True)):
            value["annotations"].append(
                {"image_id": key, "category_id": 2, "sequence_level_annotation": flag}
            )
        value["annotations"].append(
            {"image_id": "a", "category_id": 1, "sequence_level_annotation": True}
        )

    flags = [(i.filepath, i.species, i.sequence_level) for i in read(changed(change)).images]
    assert flags == [
        ("C1/a.jpg", "lion", False),
        ("C1/a.jpg", "eland", True),
        ("C1/b.jpg", "empty", True),
        ("C1/b.jpg", "lion", False),
        ("C1/b.jpg", "eland", True),
        ("C2/c.jpg", "eland", False),
        ("C2/c.jpg", "lion", False),
    ]
    assert [i.sequence_level for i in read(GOOD).images] == [False, True, False, False]


@pytest.mark.parametrize(
    ("location", "camera"),
    [
        (7, "7"),
        (7.0, "7"),
        (7.5, "7.5"),
        ("", ""),
        (None, ""),
        (" a\n", "a"),
        ("\ud800", "\\ud800"),
    ],
)
def test_locations_of_any_kind(location, camera, read):
    listing = read(changed(lambda v: v["images"][0].update(location=location)))
    assert listing.images[0].camera == camera
    assert listing.failures == []


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("location", True, "location: expected text or a number, got True"),
        ("location", [1], r"location: expected text or a number, got [1]"),
        ("location", float("nan"), "location: expected text or a number, got nan"),
        ("seq_id", {"a": 1}, "seq_id: expected text or a number, got {'a': 1}"),
        ("frame_num", 1.5, "frame_num: expected a whole number, got 1.5"),
        ("frame_num", 1e308, "frame_num: expected a whole number, got 1e+308"),
        ("frame_num", -1, "frame_num: expected a whole number, got -1"),
        ("datetime", "2019-02-30 03:04:05", "datetime: '2019-02-30 03:04:05' is no possible date"),
        ("datetime", [2019], "datetime: [2019] is no time that can be read"),
    ],
)
def test_a_broken_field_costs_the_field_only(field, value, reason, read):
    listing = read(changed(lambda v: v["images"][0].update({field: value})))
    good = read(GOOD).images
    name = {"location": "camera", "seq_id": "sequence", "frame_num": "frame"}.get(field, field)
    empty = None if name == "frame" else ""
    assert listing.images == [dataclasses.replace(good[0], **{name: empty}), *good[1:]]
    [failure] = listing.failures
    assert failure.filepath == "C1/a.jpg"
    assert failure.reason.startswith(reason)
    assert failure.reason.endswith("; the picture is kept without it")


@pytest.mark.parametrize("width", [0, -100, float("inf"), float("nan"), 1e308, 10**400, True, "5"])
def test_sizes_that_are_none_are_left_to_the_picture(width, read):
    listing = read(changed(lambda v: v["images"][0].update(width=width)))
    assert listing.images[0].box == (10, 5, 50.5, 15)
    assert listing.images[0].box_frame is None
    assert listing.failures == []


def test_numbers_of_frames_and_unknown_fields_do_not_matter(read):
    def change(value):
        value["images"][0]["seq_num_frames"] = float("nan")
        value["images"][1] |= {"seq_num_frames": "three", "corrupt": "no", "extra": {"a": []}}

    assert read(changed(change)) == read(GOOD)


@pytest.mark.parametrize("name", ["li\0on", "\ud800", "x" * 300])
def test_names_of_categories_that_cannot_be_written(name, read):
    listing = read(changed(lambda v: v["categories"][1].update(name=name)))
    assert rows(listing) == [("C1/b.jpg", "empty"), ("C2/c.jpg", "eland")]
    assert len(listing.failures) == 4
    assert all("category_id: 1" in f.reason for f in listing.failures[:3])
    assert listing.failures[3] == Failure("C1/a.jpg", "no annotation")


def test_the_file_decides_the_order_of_day_and_month(read):
    def change(value, second):
        value["images"][0]["datetime"] = "05/06/2019 03:04:05"
        value["images"][1]["datetime"] = second

    listing = read(changed(lambda value: change(value, "13/06/2019 03:04:05")))
    assert [i.datetime[:10] for i in listing.images[:2]] == ["2019-06-05", "2019-06-13"]
    listing = read(changed(lambda value: change(value, "07/06/2019 03:04:05")))
    assert [i.datetime for i in listing.images[:2]] == ["", ""]
    assert "may be 2019-06-05 or 2019-05-06" in listing.notes[0]
    assert listing.failures == []


@pytest.mark.parametrize(
    ("name", "filepath", "reason"),
    [
        ("/etc/passwd", "/etc/passwd", "the path leaves the source"),
        ("C:\\Users\\me\\a.jpg", "C:/Users/me/a.jpg", "a path of another computer; write paths"),
        ("C1/A.JPG", "images/C1/A.JPG", "not found in the source; images/C1/a.jpg is there: "),
    ],
)
def test_absolute_paths_are_reported_as_they_are_given(name, filepath, reason, read):
    listing = read(changed(lambda v: v["images"][0].update(file_name=name)), "images")
    [failure] = listing.failures
    assert failure.filepath == filepath
    assert failure.reason.startswith(reason)


@pytest.mark.parametrize("folder", ["", "images"])
def test_pictures_that_are_not_listed_are_one_note(folder, read, tmp_path):
    assert read(GOOD, folder).notes == []
    (tmp_path / folder / "C1" / "notes.txt").touch()
    for number in range(3):
        (tmp_path / folder / "C1" / f"x{number}.JPG").touch()
    example = f"{folder}/C1/x0.JPG".lstrip("/")
    assert read(GOOD, folder).notes == [
        f"3 of the source's 6 pictures are not in annotations.json and not used, such as "
        f"{example!r}"
    ]


def test_names_in_two_unicode_forms_are_one(read):
    composed, decomposed = "\u00e9lan", "e\u0301lan"

    def change(value):
        value["categories"][1]["name"], value["categories"][2]["name"] = composed, decomposed
        value["images"][0]["location"], value["images"][2]["location"] = decomposed, composed

    images = read(changed(change)).images
    assert [(image.species, image.camera) for image in images] == [
        (composed, composed),
        ("empty", "007"),
        (composed, composed),
    ]


def test_masks_beside_the_folder_of_pictures_are_not_missed(read, tmp_path):
    (tmp_path / "masks").mkdir()
    (tmp_path / "masks" / "a.png").touch()
    assert read(GOOD, "images").notes == []
