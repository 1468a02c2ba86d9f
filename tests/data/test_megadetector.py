import copy
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camtrap_jax.data.sources.leading_folders import LeadingFolder, find_leading_folder
from camtrap_jax.data.sources.listing import SourceImage, SourceListing
from camtrap_jax.data.sources.megadetector import apply_boxes, is_megadetector, read_boxes
from camtrap_jax.data.sources.storage import FolderStorage


def detection(category, conf, *bbox):
    return {"category": category, "conf": conf, "bbox": list(bbox)}


GOOD = {
    "info": {"format_version": "1.6", "detector": "md_v5a.0.0.pt"},
    "detection_categories": {"1": "Animal", "2": "person", "3": "vehicle"},
    "images": [
        {
            "file": "C1/a.jpg",
            "detections": [
                detection("1", 0.9, 0.1, 0.2, 0.3, 0.4),
                detection("1", 0.2, 0.5, 0.5, 0.25, 0.5),
                detection("1", 0.19, 0.0, 0.0, 1.0, 1.0),
                detection("3", 0.99, 0.0, 0.0, 1.0, 1.0),
            ],
        },
        {"file": "C1\\b.jpg", "detections": [detection("2", 0.2, 0, 0, 1, 1)], "failure": None},
        {"file": "./C2/c.jpg", "detections": []},
        {"file": "C2/d.jpg", "detections": [detection("2", 0.1, 0, 0, 1, 1)]},
    ],
}
NAMES = ["C1/a.jpg", "C1/b.jpg", "C2/c.jpg", "C2/d.jpg"]


def listing_of(names, **attributes):
    images = [SourceImage(filepath=name, species="lion", **attributes) for name in names]
    return SourceListing(
        storage=FolderStorage(Path("/")),
        layout="label/file",
        images=images,
        failures=[],
        notes=["old"],
    )


@pytest.fixture
def write(tmp_path):
    """Returns a function that writes results and returns the file."""

    def write(value):
        file = tmp_path / "results.json"
        file.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return file

    return write


@pytest.fixture
def read(write):
    return lambda value: read_boxes(write(value), min_confidence=0.2)


def changed(change):
    value = copy.deepcopy(GOOD)
    change(value)
    return value


def test_boxes_are_the_union_of_sure_animals(read):
    boxes = read(GOOD)
    assert boxes.filepaths == NAMES
    assert boxes.failures == []
    assert set(boxes.animals) == {"C1/a.jpg"}
    assert boxes.animals["C1/a.jpg"] == pytest.approx((0.1, 0.2, 0.65, 0.8))
    assert boxes.people == {"C1/b.jpg"}


def test_a_lower_confidence_lets_more_in(write):
    boxes = read_boxes(write(GOOD), min_confidence=0.1)
    assert boxes.animals["C1/a.jpg"] == (0, 0, 1, 1)
    assert boxes.people == {"C1/b.jpg", "C2/d.jpg"}


@pytest.mark.parametrize("confidence", [-0.1, 1.1, float("nan")])
def test_a_confidence_is_a_fraction(confidence, write):
    with pytest.raises(ValueError, match="min_confidence: expected a number in"):
        read_boxes(write(GOOD), min_confidence=confidence)


def test_boxes_go_to_pictures_without_one_of_their_own(read):
    listing = listing_of([*NAMES, "C1/a.jpg"])
    own = SourceImage(filepath="C1/a.jpg", species="hare", box=(1, 2, 3, 4), box_frame=(9, 9))
    listing.images.append(own)
    result, people = apply_boxes(listing, read(GOOD))
    boxes = [image.box for image in result.images]
    assert boxes[0] == boxes[4] == pytest.approx((0.1, 0.2, 0.65, 0.8))
    assert result.images[0].box_frame == (1.0, 1.0)
    assert boxes[1:4] == [None] * 3
    assert result.images[5] is own
    assert people == {"C1/b.jpg"}
    assert result.failures == []
    assert result.notes == [
        "old",
        "results.json: boxes with a confidence of at least 0.2 for 2 of 6 labelled pictures",
    ]
    assert listing.images[0].box is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (GOOD, True),
        ({"images": [], "detection_categories": {}}, True),
        ({"images": [], "annotations": [], "categories": []}, False),
        ([{"file": "a.jpg", "detections": []}], False),
        ({"images": {}, "detection_categories": {}}, False),
        ("x", False),
    ],
)
def test_the_format_is_recognised(value, expected):
    assert is_megadetector(value) is expected


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "results.json: expected JSON"),
        (b"\xff\xfe", "results.json: expected JSON"),
        (b"[" * 100_000, "results.json: expected JSON, got brackets"),
        (b'{"images": [' + b"9" * 5000 + b"]}", "results.json: expected JSON"),
        ([], "expected MegaDetector results"),
        ({"images": []}, "expected MegaDetector results"),
        ({"images": [], "detection_categories": {"1": "fauna"}}, "expected one called 'animal'"),
    ],
)
def test_another_file_is_one_error(value, reason, read):
    with pytest.raises(ValueError, match=reason) as caught:
        read(value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_one_error(tmp_path):
    with pytest.raises(ValueError, match=r"none.json: cannot be opened: No such file"):
        read_boxes(tmp_path / "none.json", min_confidence=0.2)


@pytest.mark.parametrize(
    "bbox",
    [
        [float("nan"), 0, 0.5, 0.5],
        [0, float("inf"), 0.5, 0.5],
        [-0.1, 0, 0.5, 0.5],
        [0, 0, 0, 0.5],
        [0.6, 0, 0.5, 0.5],
        [0, 0, 10**400, 1],
        [100, 100, 200, 300],
        [0, 0, 1],
        ["0", 0, 1, 1],
        [True, 0, 1, 1],
        [None] * 4,
        {"x": 0},
        "0,0,1,1",
        None,
    ],
)
def test_a_broken_box_costs_itself_only(bbox, read):
    boxes = read(changed(lambda v: v["images"][0]["detections"][1].update(bbox=bbox)))
    assert boxes.animals["C1/a.jpg"] == pytest.approx((0.1, 0.2, 0.3, 0.4))
    [failure] = boxes.failures
    assert failure.filepath == "results.json"
    assert failure.reason.startswith("images[0].detections[1].bbox: ")
    assert len(failure.reason) < 200


def test_boxes_beyond_the_border_by_rounding_are_clipped(read):
    bbox = [-0.0004, 0.5, 0.2, 0.5004]
    boxes = read(changed(lambda v: v["images"][2].update(detections=[detection("1", 1, *bbox)])))
    assert boxes.failures == []
    assert boxes.animals["C2/c.jpg"] == pytest.approx((0, 0.5, 0.1996, 0.5))


@pytest.mark.parametrize("conf", ["0.9", None, float("nan"), -1, 1.5, True, [0.9]])
def test_a_broken_confidence_leaves_animals_out_and_people_in(conf, read):
    def change(value):
        value["images"][0]["detections"][1].update(conf=conf)
        value["images"][1]["detections"][0].update(conf=conf)

    boxes = read(changed(change))
    assert boxes.animals["C1/a.jpg"] == pytest.approx((0.1, 0.2, 0.3, 0.4))
    assert boxes.people == {"C1/b.jpg"}
    assert [failure.reason.partition(": ")[0] for failure in boxes.failures] == [
        "images[0].detections[1].conf",
        "images[1].detections[0].conf",
    ]


def test_a_person_without_a_usable_box_is_a_person(read):
    boxes = read(changed(lambda v: v["images"][1]["detections"][0].update(bbox=None)))
    assert boxes.people == {"C1/b.jpg"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda v: v["images"][0].update(detections=None), "images[0].detections: expected a list"),
        (
            lambda v: v["images"][0].pop("detections"),
            "images[0].detections: expected a list",
        ),
        (lambda v: v["images"][0].update(detections={}), "images[0].detections: expected a list"),
        (
            lambda v: v["images"][0].update(detections=None, failure="Failure image access"),
            "images[0].failure: 'Failure image access', file 'C1/a.jpg'",
        ),
        (lambda v: v["images"].__setitem__(0, "x"), "images[0].file: expected a name, got None"),
        (lambda v: v["images"][0].update(file=7), "images[0].file: expected a name, got 7"),
        (lambda v: v["images"][0].update(file=" "), "images[0].file: expected a name, got ' '"),
    ],
)
def test_entries_without_detections_are_reported(change, reason, read):
    boxes = read(changed(change))
    assert boxes.animals == {}
    assert boxes.people == {"C1/b.jpg"}
    [failure] = boxes.failures
    assert failure.reason.startswith(reason)


def test_a_detection_that_is_no_object_is_reported(read):
    boxes = read(changed(lambda v: v["images"][0]["detections"].insert(0, [1])))
    assert [failure.reason for failure in boxes.failures] == [
        "images[0].detections[0]: expected an object, got [1]"
    ]
    assert boxes.animals["C1/a.jpg"] == pytest.approx((0.1, 0.2, 0.65, 0.8))


def test_unknown_categories_are_no_detections_and_counted(read):
    def change(value):
        for entry in value["images"][0]["detections"][1:]:
            entry["category"] = 7

    boxes = read(changed(change))
    assert boxes.animals["C1/a.jpg"] == pytest.approx((0.1, 0.2, 0.3, 0.4))
    [failure] = boxes.failures
    assert failure.reason == (
        "images[0].detections[1].category: '7' is not in detection_categories; such detections: 3"
    )


def test_numbers_as_categories_are_read_as_text(read):
    boxes = read(changed(lambda v: v["images"][0]["detections"][0].update(category=1.0)))
    assert boxes.animals["C1/a.jpg"] == pytest.approx((0.1, 0.2, 0.65, 0.8))


def test_a_file_listed_twice_is_used_as_listed_first(read):
    again = {"file": "C1\\a.jpg", "detections": [detection("1", 0.9, 0, 0, 1, 1)]}
    boxes = read(changed(lambda v: v["images"].append(again)))
    assert boxes.animals["C1/a.jpg"] == pytest.approx((0.1, 0.2, 0.65, 0.8))
    assert [failure.reason for failure in boxes.failures] == [
        "images[4].file: 'C1\\\\a.jpg' is listed before, the first entry is used"
    ]


@pytest.mark.parametrize(
    ("targets", "note"),
    [
        (NAMES, None),
        (["data/" + name for name in NAMES], "with the leading folder 'data/' before its paths"),
        ([name[3:] for name in NAMES[:2]], "without the leading folder 'C1/' of its paths"),
    ],
)
def test_paths_may_have_one_leading_folder_more_or_less(targets, note, read):
    result, people = apply_boxes(listing_of(targets), read(GOOD))
    assert result.images[0].box == pytest.approx((0.1, 0.2, 0.65, 0.8))
    assert people == {targets[1]}
    assert [line for line in result.notes if "leading" in line] == (
        [f"results.json: {note}"] if note else []
    )


def test_what_one_side_lacks_is_counted_with_an_example(read):
    listing = listing_of(["C1/a.jpg", *[f"C9/{number}.jpg" for number in range(50)]])
    result, people = apply_boxes(listing, read(GOOD))
    assert people == frozenset()
    [failure] = result.failures
    assert (failure.filepath, failure.reason) == (
        "results.json",
        "3 of its files are not in the source, such as 'C1/b.jpg'",
    )
    assert "results.json: 50 of 51 pictures are not in it, such as 'C9/0.jpg'" in result.notes


def test_nothing_in_common_is_one_error_with_a_name_of_each(read):
    with pytest.raises(ValueError, match=r"none of its 4 files .* 'C1/a.jpg' there, 'x/y.jpg'"):
        apply_boxes(listing_of(["x/y.jpg"]), read(GOOD))


def test_several_folders_that_match_equally_well_are_not_guessed_at(read):
    with pytest.raises(ValueError, match=r"results.json: the leading folders 'x/' and 'y/' match"):
        apply_boxes(listing_of([f"{f}/C1/{n}.jpg" for f in "xy" for n in "ab"]), read(GOOD))


def test_no_pictures_on_one_side_is_no_error(read):
    assert apply_boxes(listing_of([]), read(GOOD))[0].images == []
    result, _ = apply_boxes(listing_of(NAMES), read(GOOD | {"images": []}))
    assert [image.box for image in result.images] == [None] * 4


paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=4).map("/".join)


@settings(max_examples=300, deadline=None)
@given(st.sets(paths, max_size=6), st.sets(paths, max_size=6))
def test_the_leading_folder_is_the_one_that_matches_most(names, targets):
    folders = {LeadingFolder()}
    for name in {*names, *targets}:
        parts = name.split("/")
        heads = ["/".join(parts[:cut]) + "/" for cut in range(1, len(parts))]
        folders |= {LeadingFolder(removed=head) for head in heads}
        folders |= {LeadingFolder(added=head) for head in heads}
    counts = {folder: len({folder.apply(name) for name in names} & targets) for folder in folders}
    most = max(counts.values())
    best = [folder for folder in folders if counts[folder] == most]
    try:
        found = find_leading_folder(names, targets)
    except ValueError:
        found = "several"
    if counts[LeadingFolder()]:
        assert found == LeadingFolder()
    elif most == 0:
        assert found is None
    else:
        assert found == (best[0] if len(best) == 1 else "several")


# Results changed at random: one line, or everything that the change does not touch as before.

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
SCALARS = SCALARS | st.sampled_from(["C1/a.jpg", "../x.jpg", "/etc/passwd", "\ud800", 10**400])
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
few = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
many = settings(few, max_examples=5000)


@st.composite
def changed_entries(draw):
    """Returns results with one thing in one entry changed, and the entry's index."""
    value = copy.deepcopy(GOOD)
    index = draw(st.integers(0, 3))
    entry = value["images"][index]
    where = draw(st.sampled_from(["entry", "field", "detection", "part"]))
    detections = entry["detections"]
    if where == "entry":
        value["images"][index] = draw(JSON)
    elif where == "field" or not detections:
        entry[draw(st.sampled_from(["file", "detections", "failure"]))] = draw(JSON)
    elif where == "detection":
        detections[draw(st.integers(0, len(detections) - 1))] = draw(JSON)
    else:
        part = draw(st.sampled_from(["category", "conf", "bbox"]))
        detections[draw(st.integers(0, len(detections) - 1))][part] = draw(JSON)
    return value, index


def check_entries(file, change):
    value, index = change
    file.write_text(json.dumps(GOOD))
    good, good_people = apply_boxes(listing_of(NAMES), read_boxes(file, min_confidence=0.2))
    file.write_text(json.dumps(value))
    result, people = apply_boxes(listing_of(NAMES), read_boxes(file, min_confidence=0.2))
    claimed = value["images"][index]
    name = claimed.get("file") if isinstance(claimed, dict) else None
    for number, filepath in enumerate(NAMES):
        if number != index and filepath != str(name).replace("\\", "/"):
            assert result.images[number] == good.images[number]
            assert (filepath in people) == (filepath in good_people)
    for image in result.images:
        if image.box is not None:
            x, y, width, height = image.box
            assert min(x, y) >= 0
            assert width > 0
            assert height > 0
            assert max(x + width, y + height) <= 1 + 1e-9
    assert not any("\n" in failure.reason for failure in result.failures)


def check_any(file, data):
    file.write_bytes(data)
    try:
        result, _ = apply_boxes(listing_of(NAMES), read_boxes(file, min_confidence=0.2))
    except ValueError as error:
        result = str(error)
    if isinstance(result, str):
        assert "\n" not in result
        assert "results.json" in result
    else:
        assert [image.filepath for image in result.images] == NAMES


ANY = st.binary(max_size=100) | JSON.map(lambda value: json.dumps(value).encode())
ANY = ANY | st.dictionaries(
    st.sampled_from(["images", "detection_categories", "info"]), JSON | st.just({"1": "animal"})
).map(lambda value: json.dumps(value).encode())


@few
@given(changed_entries())
def test_changed_entries_touch_nothing_else(tmp_path, change):
    check_entries(tmp_path / "results.json", change)


@few
@given(ANY)
def test_any_file_is_read_or_explained(tmp_path, data):
    check_any(tmp_path / "results.json", data)


@pytest.mark.slow
@many
@given(changed_entries())
def test_many_changed_entries_touch_nothing_else(tmp_path, change):
    check_entries(tmp_path / "results.json", change)


@pytest.mark.slow
@many
@given(ANY)
def test_many_files_are_read_or_explained(tmp_path, data):
    check_any(tmp_path / "results.json", data)
