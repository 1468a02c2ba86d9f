"""The command `prepare`: flags in, a dataset out, and what is said about it."""

import json

import pytest
from reference.tiny_study import write_tiny_source

from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json

SPECIES = {"nyala": 9, "kudu": 8, "oribi": 7}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prepare") / "source"
    write_tiny_source(folder, SPECIES, num_cameras=4)
    (folder / "C0" / "nyala" / "broken.jpg").write_bytes(b"x")
    (folder / "C0" / "Setup").mkdir()
    (folder / "C0" / "nyala" / "000.png").rename(folder / "C0" / "Setup" / "000.png")
    return folder


def test_every_flag_reaches_the_dataset(source, tmp_path, camtrap):
    boxes = tmp_path / "boxes.json"
    entries = [
        {"file": path.relative_to(source).as_posix(), "detections": []}
        for path in sorted(source.rglob("*.png"))
    ]
    entries[1]["detections"] = [{"category": "1", "conf": 0.5, "bbox": [0.25, 0, 0.5, 1]}]
    categories = {"1": "animal", "2": "person"}
    boxes.write_text(json.dumps({"images": entries, "detection_categories": categories}))
    flags = {
        "format": "folder",
        "boxes": str(boxes),
        "split": "camera",
        "conflicts": "first",
        "burst_gap_sec": 5.0,
        "num_known": 2,
        "excluded_labels": "oribi",
        "crop_bottom": 0.0,
        "short_side": 40,
        "keep_exif": True,
    }
    words = [f"--{name}={value}" for name, value in flags.items()]
    result = camtrap("prepare", f"--source={source}", f"--dataset={tmp_path / 'dataset'}", *words)
    assert result.code == 0, result.err
    dataset = DatasetFolder(tmp_path / "dataset")
    settings = read_json(dataset.root / "prepare.json")["settings"]
    expected = {name: flags[name] for name in flags if name not in ("format", "boxes")}
    expected["excluded_labels"] = ["oribi"]
    assert {name: settings[name] for name in expected} == expected
    assert dataset.classes == ["kudu", "nyala"]
    assert (dataset.manifest["bbox"] != "").sum() == 1
    known = dataset.manifest[dataset.manifest["role"] == "known"]
    assert (known.groupby("camera")["split"].nunique() == 1).all()


def test_the_terminal_says_what_became_of_the_pictures(source, tmp_path, camtrap):
    words = ("prepare", f"--source={source}", f"--dataset={tmp_path / 'dataset'}")
    result = camtrap(*words, "--excluded_labels=oribbi")
    lines = result.err.splitlines()
    assert "prepare: 23 images of 3 known species at 4 cameras; train 17, val 3, test 3" in lines
    assert "prepare: set aside: Setup 1" in lines
    assert any("failures.csv: 1 rows, the first C0/nyala/broken.jpg: " in line for line in lines)
    assert "prepare: data.excluded_labels: no picture is labelled 'oribbi'" in lines
    again = camtrap(*words, "--excluded_labels=oribbi")
    assert again.code == 0
    assert "prepare: done" in again.err


def test_settings_can_be_overridden_without_a_file(source, tmp_path, camtrap):
    words = ("prepare", f"--source={source}", f"--dataset={tmp_path / 'dataset'}")
    refused = camtrap(*words, "--config.data.min_images=8")
    assert refused.code == 1
    assert (
        "oribi (7); leave them out with --config.data.num_known=2 or accept them" in refused.error
    )
    followed = camtrap(*words, "--config.data.min_images=8", "--config.data.num_known=2")
    assert followed.code == 0, followed.err
    assert DatasetFolder(tmp_path / "dataset").unknown == ["oribi"]
    mistyped = camtrap(*words, "--config.data.min_image=8")
    assert mistyped.code == 2
    assert "did you mean --config.data.min_images?" in mistyped.error


def test_a_tilde_is_the_home_folder(source, tmp_path, camtrap, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    result = camtrap("prepare", f"--source={source}", "--dataset=~/dataset")
    assert result.code == 0, result.err
    assert DatasetFolder(tmp_path / "dataset").classes == ["kudu", "nyala", "oribi"]


def test_an_infinite_gap_is_refused(source, tmp_path, camtrap):
    words = ("prepare", f"--source={source}", f"--dataset={tmp_path / 'dataset'}")
    result = camtrap(*words, "--burst_gap_sec=inf")
    assert result.code == 1
    assert (
        "data.burst_gap_sec: expected at least 0.0 and less than infinity, got inf" in result.error
    )
