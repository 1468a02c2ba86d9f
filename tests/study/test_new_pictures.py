"""Predictions of new pictures are those of `explain`, however they come about."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from reference.camtrap_dp_rules import violations
from reference.card import NUM_PICTURES, write_card

from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, read_table
from camtrap_jax.study.classifier import classifier_of_run
from camtrap_jax.study.console import Silent
from camtrap_jax.study.new_pictures import Wanted, parts, predict_pictures
from camtrap_jax.study.new_pictures.output_folder import open_output
from camtrap_jax.study.new_pictures.parts import read_parts

FOUR = Wanted(batch_size=4)
NUMBERS = ("probability", "second_probability", "entropy", "unfamiliarity", "sequence_probability")


@pytest.fixture(scope="module")
def classifier(tiny_run):
    return classifier_of_run(RunFolder(tiny_run))


@pytest.fixture(scope="module")
def first_card(tiny_source, tmp_path_factory):
    card = tmp_path_factory.mktemp("card") / "card"
    return card, write_card(card, tiny_source)


@pytest.fixture
def card(first_card, tmp_path):
    return shutil.copytree(first_card[0], tmp_path / "card")


@pytest.fixture(scope="module")
def finished(classifier, first_card, tmp_path_factory):
    """Predictions of the whole card in batches of four."""
    output = tmp_path_factory.mktemp("finished") / "out"
    predict_pictures(classifier, first_card[0], output, Silent(), FOUR)
    return output


class Lines(Silent):
    def __init__(self):
        self.lines = []

    def say(self, line):
        self.lines.append(line)


def assert_same_tables(output, expected):
    for name in ("predictions.csv", "failures.csv"):
        assert (output / name).read_bytes() == (expected / name).read_bytes(), name


def test_a_picture_of_the_dataset_is_answered_as_explain_and_novelty_answer_it(
    classifier, tiny_run, tiny_source, tmp_path
):
    """By way of records: pixels that were scaled otherwise gave other answers."""
    predict_pictures(classifier, tiny_source, tmp_path / "out", Silent(), Wanted(batch_size=16))
    table = read_table(tmp_path / "out" / "predictions.csv").set_index("filepath")
    run = RunFolder(tiny_run)
    index, logits = run.index, run.array("logits")
    found = table.loc[index["filepath"]]
    classes = np.array(run.classes, object)
    probabilities = classifier.probabilities(logits)
    assert found["predicted"].tolist() == classes[logits.argmax(1)].tolist()
    np.testing.assert_allclose(found["probability"], probabilities.max(1), atol=2e-5)
    second = np.sort(probabilities, axis=1)[:, -2]
    np.testing.assert_allclose(found["second_probability"], second, atol=2e-5)
    assert found["second_species"].tolist() == classes[np.argsort(logits)[:, -2]].tolist()
    images = read_table(tiny_run / "novelty" / "images.csv").merge(index, on="image_id")
    found = table.loc[images["filepath"]]
    np.testing.assert_allclose(found["unfamiliarity"], images["unfamiliarity"], atol=2e-5)
    assert found["nearest_species"].tolist() == images["nearest_species"].tolist()
    threshold = read_json(tiny_run / "novelty" / "novelty.json")["threshold"]["value"]
    above = (images["unfamiliarity"] > threshold).tolist()
    assert found["above_threshold"].tolist() == above


def test_the_columns_and_what_they_say(finished, first_card):
    table = read_table(finished / "predictions.csv")
    assert table.columns.tolist() == [
        *("filepath", "datetime", "camera", "sequence", "frame"),
        *("predicted", "probability", "second_species", "second_probability", "entropy"),
        *("sequence_species", "sequence_probability"),
        *("unfamiliarity", "nearest_species", "above_threshold"),
    ]
    assert table["filepath"].tolist() == sorted(first_card[1])
    assert set(table["camera"]) == {"North"}
    assert table["datetime"][:4].tolist() == [
        "2021-03-04 05:06:07",
        "2021-03-04 05:06:08",
        "2021-03-04 05:06:30",
        "",
    ]
    first, last = "North 2021-03-04 05:06:07", "North 2021-03-04 05:06:30"
    assert table["sequence"][:4].tolist() == [first, first, last, ""]
    assert (table["probability"] >= table["second_probability"]).all()
    burst = table.iloc[:2]
    assert burst["sequence_species"].nunique() == 1
    assert burst["sequence_probability"].nunique() == 1
    assert (burst["sequence_probability"] <= burst["probability"].max()).all()
    alone = table.iloc[2:4]
    assert alone["sequence_species"].tolist() == alone["predicted"].tolist()
    assert alone["sequence_probability"].tolist() == alone["probability"].tolist()
    assert read_table(finished / "failures.csv").empty


@pytest.mark.parametrize("batch_size", [3, 32])
def test_any_batch_size_gives_the_same_within_rounding(
    classifier, first_card, finished, tmp_path, batch_size
):
    wanted = Wanted(batch_size=batch_size)
    predict_pictures(classifier, first_card[0], tmp_path / "out", Silent(), wanted)
    found, expected = (read_table(o / "predictions.csv") for o in (tmp_path / "out", finished))
    for name in expected:
        if name in NUMBERS:
            np.testing.assert_allclose(found[name], expected[name], atol=2e-5, err_msg=name)
        else:
            assert found[name].astype(str).tolist() == expected[name].astype(str).tolist(), name


def test_a_run_that_was_stopped_goes_on_and_gives_the_same_bytes(
    classifier, first_card, finished, tmp_path, monkeypatch
):
    monkeypatch.setattr(parts, "PART_ROWS", 4)
    output = tmp_path / "out"

    class Stopping(Silent):
        def progress(self, label, unit="images"):
            def move(done, total, note=""):
                if done >= 8:
                    raise KeyboardInterrupt

            return move

    with pytest.raises(KeyboardInterrupt):
        predict_pictures(classifier, first_card[0], output, Stopping(), FOUR)
    assert not (output / "predict.json").exists()
    left = read_parts(output / ".parts")
    assert sum(map(len, left)) == 8
    done = []

    class Counting(Silent):
        def progress(self, label, unit="images"):
            return lambda rows, total, note="": done.append((rows, total))

    predict_pictures(classifier, first_card[0], output, Counting(), FOUR)
    assert done == [(12, 12)]  # what was stored is not answered again
    assert_same_tables(output, finished)
    ours, theirs = (json.loads((o / "megadetector.json").read_text()) for o in (output, finished))
    assert ours["images"] == theirs["images"]


def test_again_does_nothing_and_what_is_lost_or_wanted_besides_is_written(
    classifier, first_card, finished, tmp_path
):
    output, console = shutil.copytree(finished, tmp_path / "out"), Lines()
    predict_pictures(classifier, first_card[0], output, console, FOUR)
    assert console.lines == [f"predict: up to date, {output}"]
    (output / "failures.csv").unlink()
    (output / "megadetector.json").unlink()
    wanted = dataclasses.replace(FOUR, formats=("camtrap_dp",))
    predict_pictures(classifier, first_card[0], output, console, wanted)
    assert_same_tables(output, finished)
    assert violations(output / "camtrap_dp") == []
    assert len(read_table(output / "camtrap_dp" / "left_out.csv")) == 3  # without a time
    assert not (output / "megadetector.json").exists()  # of before, and nobody's any more
    assert len(read_parts(output / ".parts")) == 1


def test_pictures_that_appear_change_or_cannot_be_read(classifier, card, finished, tmp_path):
    output = tmp_path / "out"
    names = sorted(path.relative_to(card).as_posix() for path in card.rglob("*.JPG"))
    late, bad, other = card / names[0], card / names[5], card / names[7]
    good, late_bytes = bad.read_bytes(), late.read_bytes()
    late.unlink()
    bad.write_bytes(good[: len(good) // 2])
    predict_pictures(classifier, card, output, Silent(), FOUR)
    failures = read_table(output / "failures.csv")
    assert failures["filepath"].tolist() == [names[5]]
    assert "truncated" in failures["reason"][0].lower()
    assert names[5] not in set(read_table(output / "predictions.csv")["filepath"])
    images = json.loads((output / "megadetector.json").read_text())["images"]
    unread = [entry for entry in images if entry["detections"] is None]
    assert [(e["file"], e["failure"]) for e in unread] == [(names[5], failures["reason"][0])]
    late.write_bytes(late_bytes)
    bad.write_bytes(good)
    other.write_bytes((card / names[8]).read_bytes())
    predict_pictures(classifier, card, output, Silent(), FOUR)
    table = read_table(output / "predictions.csv").set_index("filepath")
    expected = read_table(finished / "predictions.csv").set_index("filepath")
    assert sorted(table.index) == names
    for name in names:
        same_as = names[8] if name == names[7] else name
        assert table.loc[name, "predicted"] == expected.loc[same_as, "predicted"]
        assert table.loc[name, "unfamiliarity"] == pytest.approx(
            expected.loc[same_as, "unfamiliarity"], abs=2e-5
        )
    assert sum(map(len, read_parts(output / ".parts"))) == NUM_PICTURES - 1 + 3


def test_what_a_detector_found_is_told_and_its_boxes_are_named(classifier, card, tmp_path):
    names = sorted(path.relative_to(card).as_posix() for path in card.rglob("*.JPG"))
    animal = {"category": "2", "conf": 0.9, "bbox": [0.1, 0.1, 0.5, 0.5]}
    person = animal | {"category": "1"}
    images = [
        {"file": f"D:\\card\\{names[0]}", "detections": [animal, person]},
        {"file": f"D:\\card\\{names[1]}", "detections": [person]},
        {"file": f"D:\\card\\{names[2]}", "detections": [animal | {"conf": 0.1}]},
        {"file": "D:\\card\\elsewhere.jpg", "detections": [animal]},
    ]
    categories = {"1": "person", "2": "animal"}
    boxes = tmp_path / "md.json"
    boxes.write_text(json.dumps({"images": images, "detection_categories": categories}))
    console, output = Lines(), tmp_path / "out"
    predict_pictures(classifier, card, output, console, dataclasses.replace(FOUR, boxes=boxes))
    table = read_table(output / "predictions.csv")
    assert table["detected"].tolist() == ["animal", "person", "none", *[""] * 9]
    assert any("11 pictures without a detected animal" in line for line in console.lines)
    found = json.loads((output / "megadetector.json").read_text())
    assert [entry["file"] for entry in found["images"]] == [entry["file"] for entry in images]
    label = found["images"][0]["detections"][0]["classifications"][0][0]
    assert found["classification_categories"][label] == table["predicted"][0]
    assert "classifications" not in found["images"][0]["detections"][1]
    assert found["images"][3] == images[3]
    assert found["detection_categories"] == categories


def test_another_network_or_another_card_is_refused_and_overwritten_when_asked(
    classifier, card, finished, tmp_path
):
    output = shutil.copytree(finished, tmp_path / "out")
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*")}
    facts = dataclasses.replace(classifier.facts, crop_bottom=0.2)
    other = dataclasses.replace(classifier, facts=facts)
    with pytest.raises(ValueError, match="holds predictions of another network"):
        predict_pictures(other, card, output, Silent(), FOUR)
    moved = card.rename(card.parent / "moved")
    (moved / "North").rename(moved / "South")
    with pytest.raises(ValueError, match="12 of its 12 pictures are not in the source"):
        predict_pictures(classifier, moved, output, Silent(), FOUR)
    assert {path: path.stat().st_mtime_ns for path in output.rglob("*")} == before
    wanted = dataclasses.replace(FOUR, overwrite=True)
    predict_pictures(classifier, moved, output, Silent(), wanted)
    table = read_table(output / "predictions.csv")
    assert set(table["camera"]) == {"South"}


def test_a_damaged_part_is_named(classifier, first_card, finished, tmp_path):
    output = shutil.copytree(finished, tmp_path / "out")
    (output / ".parts" / "000000.npz").write_bytes(b"PK\3\4 half a part")
    with pytest.raises(ValueError, match=r"000000.npz: damaged .*--overwrite starts afresh"):
        predict_pictures(classifier, first_card[0], output, Silent(), FOUR)


def test_two_at_once_are_refused(classifier, first_card, finished, tmp_path):
    output = shutil.copytree(finished, tmp_path / "out")
    with (
        open_output(output, classifier.digest(), [*first_card[1]], overwrite=False),
        pytest.raises(ValueError, match="another process is predicting into it"),
    ):
        predict_pictures(classifier, first_card[0], output, Silent(), FOUR)


def test_a_folder_that_was_just_begun_is_gone_on_with(classifier, first_card, finished, tmp_path):
    (tmp_path / "out" / ".parts").mkdir(parents=True)
    (tmp_path / "out" / ".parts" / "lock").touch()
    predict_pictures(classifier, first_card[0], tmp_path / "out", Silent(), FOUR)
    assert_same_tables(tmp_path / "out", finished)
