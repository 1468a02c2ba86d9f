import json
from datetime import UTC, datetime

import numpy as np
import pytest

from camtrap_jax.data.sources.megadetector import read_boxes
from camtrap_jax.export import (
    Origin,
    classified_entries,
    whole_image_entries,
    write_megadetector,
)
from camtrap_jax.export.megadetector import classifications

ORIGIN = Origin("camtrap_jax 9, vgg16", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC))
CLASSES = ["kudu", "nyala", "óribi"]
ANSWERS = {"b/2.jpg": np.array([0.2, 0.7, 0.1]), "a/1.jpg": np.array([0.5, 0.0, 0.5])}
DETECTED = {
    "info": {"detector": "md_v5a", "format_version": "1.3", "detection_completion_time": "then"},
    "detection_categories": {"1": "animal", "2": "person"},
    "images": [
        {
            "file": "card/a/1.jpg",
            "detections": [
                {"category": "1", "conf": 0.9, "bbox": [0.1, 0.2, 0.3, 0.4]},
                {"category": "2", "conf": 0.8, "bbox": [0.5, 0.2, 0.3, 0.4]},
            ],
        },
        {"file": "card/c/3.jpg", "detections": []},
        {"file": "card/d/4.jpg", "detections": None, "failure": "unreadable"},
        {"file": "card/e/5.jpg", "detections": [{"category": "1", "conf": 1.0, "bbox": []}]},
    ],
}


def write(path, entries, **settings):
    write_megadetector(path, entries, classes=CLASSES, origin=ORIGIN, **settings)
    return json.loads(path.read_text())


def assert_valid(path):
    """By the format's own validator, where it is installed."""
    package = "megadetector.postprocessing.validate_batch_results"
    validator = pytest.importorskip(package, reason="the megadetector package is not installed")
    found = validator.validate_batch_results(str(path))["validation_results"]
    assert (found["errors"], found["warnings"]) == ([], [])


def test_whole_pictures_are_one_box_with_the_likeliest_species_first(tmp_path):
    found = write(tmp_path / "r.json", whole_image_entries(ANSWERS, {"c.jpg": "no picture"}))
    assert found["info"]["format_version"] == "1.6"
    assert found["info"]["classifier"] == ORIGIN.name
    assert found["info"]["classification_completion_time"] == "2026-02-03 04:05:06"
    assert found["detection_categories"] == {"1": "animal"}
    assert found["classification_categories"] == {"0": "kudu", "1": "nyala", "2": "óribi"}
    box = {"category": "1", "conf": 1.0, "bbox": [0, 0, 1, 1]}
    first = [["0", 0.5], ["2", 0.5], ["1", 0.0]]
    second = [["1", 0.7], ["0", 0.2], ["2", 0.1]]
    assert found["images"] == [
        {"file": "a/1.jpg", "detections": [{**box, "classifications": first}]},
        {"file": "b/2.jpg", "detections": [{**box, "classifications": second}]},
        {"file": "c.jpg", "detections": None, "failure": "no picture"},
    ]
    assert isinstance(found["images"][0]["detections"][0]["conf"], float)


def test_species_go_into_the_animals_of_a_detector_and_nothing_else_changes(tmp_path):
    names = {"card/a/1.jpg": "a/1.jpg"}
    entries = classified_entries(DETECTED["images"], ANSWERS, names, frozenset({"1"}))
    found = write(tmp_path / "r.json", entries, detections=DETECTED)
    animal, person = found["images"][0]["detections"]
    assert animal.pop("classifications") == [["0", 0.5], ["2", 0.5], ["1", 0.0]]
    assert [animal, person] == DETECTED["images"][0]["detections"]
    assert found["images"][1:] == DETECTED["images"][1:]
    assert found["detection_categories"] == DETECTED["detection_categories"]
    assert found["info"] == DETECTED["info"] | {
        "format_version": "1.6",
        "classifier": ORIGIN.name,
        "classification_completion_time": "2026-02-03 04:05:06",
    }


def test_our_reader_reads_back_the_boxes(tmp_path):
    write(tmp_path / "r.json", whole_image_entries(ANSWERS, {"c.jpg": "no picture"}))
    boxes = read_boxes(tmp_path / "r.json", min_confidence=0.2)
    assert boxes.animals == dict.fromkeys(ANSWERS, (0.0, 0.0, 1.0, 1.0))
    assert [failure.reason for failure in boxes.failures] == [
        "images[2].failure: 'no picture', file 'c.jpg'"
    ]


def test_no_picture_at_all_is_still_json(tmp_path):
    assert write(tmp_path / "r.json", [])["images"] == []


def test_only_the_five_likeliest_species_are_listed():
    found = classifications(np.array([0.05, 0.3, 0.05, 0.2, 0.15, 0.14, 0.11]))
    assert [label for label, _ in found] == ["1", "3", "4", "5", "6"]


def test_the_format_s_own_validator_accepts_both(tmp_path):
    write(tmp_path / "whole.json", whole_image_entries(ANSWERS, {"c.jpg": "no picture"}))
    entries = classified_entries(
        DETECTED["images"], ANSWERS, {"card/a/1.jpg": "a/1.jpg"}, frozenset({"1"})
    )
    write(tmp_path / "boxes.json", entries, detections=DETECTED)
    assert_valid(tmp_path / "whole.json")
    assert_valid(tmp_path / "boxes.json")
