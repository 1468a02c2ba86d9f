import dataclasses
import errno
import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camtrap_jax.config import DataConfig, SyntheticConfig
from camtrap_jax.data import prepare
from camtrap_jax.data.manifest import COLUMNS
from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.data.records import RecordSource
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json, read_table
from camtrap_jax.synthetic.dataset import write_dataset

STATIONS = Path(__file__).parents[3] / "shared" / "data" / "camera_trap_stations"


def contents(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_good_pictures_are_kept_and_bad_ones_explained(tmp_path, config, pictures, pixels):
    source = tmp_path / "source"
    good = pictures(source, {"C1/lion": 6, "C2/lion": 5, "C1/eland": 9, "C2/oribi": 4})
    whole = (source / good[0]).read_bytes()
    bad = {
        "C1/lion/truncated.jpg": whole[: len(whole) // 2],
        "C1/lion/zero.jpg": b"",
        "C1/eland/text.jpg": b"<html>404</html>",
        "C2/oribi/clip.mp4": b"\0\0\0\x18ftypmp42" + bytes(99),
    }
    for name, data in bad.items():
        (source / name).write_bytes(data)
    (source / "C1/lion/locked.jpg").symlink_to("/etc/hostname")
    (source / "C2" / "Setup").mkdir()
    (source / "C2/Setup/person.JPEG").write_bytes(whole)
    (source / "C2" / "Ghost").mkdir()
    Image.fromarray(pixels(77)).save(source / "C2/Ghost/png-inside.jpg", "PNG")
    steps = []
    prepare_dataset(
        source, tmp_path / "dataset", config, on_progress=lambda *step: steps.append(step)
    )
    dataset = DatasetFolder(tmp_path / "dataset")
    manifest = dataset.manifest
    assert list(manifest.columns) == COLUMNS
    assert sorted([*good, "C2/Setup/person.JPEG", "C2/Ghost/png-inside.jpg"]) == list(
        manifest["filepath"]
    )
    failures = read_table(dataset.root / "failures.csv")
    assert list(failures["filepath"]) == sorted([*bad, "C1/lion/locked.jpg"])
    assert (failures["reason"].str.len() > 5).all()
    assert steps == [(step + 1, 30) for step in range(30)]
    by_species = manifest.groupby("species")[["role", "split"]].agg(set).to_dict("index")
    assert by_species["lion"] == {"role": {"known"}, "split": {"train", "val", "test"}}
    assert by_species["oribi"] == {"role": {"unknown"}, "split": {"unknown"}}
    assert by_species["Setup"] == {"role": {"excluded"}, "split": {""}}
    assert by_species["Ghost"] == {"role": {"empty"}, "split": {""}}
    assert (dataset.classes, dataset.unknown) == (["eland", "lion"], ["oribi"])
    assert manifest["image_id"].is_unique
    [pair] = read_json(dataset.root / "audit.json")["two_labels"]
    assert pair["species"] == ["Setup", good[0].split("/")[1]]


def test_record_i_is_row_i(tmp_path, config, pictures):
    source = tmp_path / "source"
    pictures(source, {"lion": 8, "eland": 7, "oribi": 3, "empty": 2})
    prepare_dataset(source, tmp_path / "dataset", config)
    dataset = DatasetFolder(tmp_path / "dataset")
    records = RecordSource(dataset.records)
    assert len(records) == len(dataset.manifest) == 20
    for row, entry in enumerate(dataset.manifest.to_dict("records")):
        record = records[row]
        species = entry["species"]
        known = dataset.classes.index(species) if species in dataset.classes else -1
        assert (record["row"], record["label"]) == (row, known)
        with Image.open(io.BytesIO(record["image"])) as kept:
            assert min(kept.size) == 40
            assert not kept.getexif()
            with Image.open(source / entry["filepath"]) as image:
                small = image.resize(kept.size, Image.Resampling.BOX)
            difference = np.subtract(*(np.asarray(p, np.int32) for p in (kept, small)))
            assert np.abs(difference).mean() < 8  # other pictures differ by 50 and more


def test_the_same_again_does_nothing_and_anything_else_is_refused(
    tmp_path, config, pictures, monkeypatch
):
    source, target = tmp_path / "source", tmp_path / "dataset"
    pictures(source, {"lion": 5, "eland": 5})
    prepare_dataset(source, target, config)
    before = contents(target)
    monkeypatch.setattr(prepare, "_build", None)  # any attempt to build would fail
    prepare_dataset(source, target, config)
    source.rename(tmp_path / "moved")
    prepare_dataset(tmp_path / "moved", target, config)
    other = dataclasses.replace(config, seed=1, short_side=33)
    with pytest.raises(ValueError, match=r"data.seed: 0 -> 1, data.short_side: 40 -> 33.*--overw"):
        prepare_dataset(tmp_path / "moved", target, other)
    pictures(tmp_path / "moved", {"lion": 6})
    with pytest.raises(ValueError, match=r"the pictures or labels differ.*--overwrite"):
        prepare_dataset(tmp_path / "moved", target, config)
    with pytest.raises(ValueError, match=r"is no prepared dataset.*or remove it"):
        prepare_dataset(tmp_path / "moved", Path(__file__).parent, config)
    assert contents(target) == before


def test_preparing_anew_keeps_the_old_dataset_until_the_new_one_is_complete(
    tmp_path, config, pictures, monkeypatch
):
    source, target = tmp_path / "source", tmp_path / "dataset"
    pictures(source, {"lion": 5, "eland": 5})
    prepare_dataset(source, target, config)
    before = contents(target)
    pictures(source, {"lion": 7})
    with monkeypatch.context() as patch:
        patch.setattr(prepare, "write_records", fail_on_full_disk)
        with pytest.raises(OSError, match="No space left"):
            prepare_dataset(source, target, config, overwrite=True)
    assert contents(target) == before
    prepare_dataset(source, target, config, overwrite=True)
    assert len(DatasetFolder(target).manifest) == 12
    with pytest.raises(ValueError, match="is no prepared dataset"):
        prepare_dataset(source, Path(__file__).parent, config, overwrite=True)


def fail_on_full_disk(*args):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_result_is_the_same_anywhere(tmp_path, config, pictures, monkeypatch):
    counts = {"lion": 9, "eland": 7, "oribi": 4}
    pictures(tmp_path / "a", counts)
    prepare_dataset(tmp_path / "a", tmp_path / "dataset_a", config)
    pictures(tmp_path / "b", counts)
    walk = os.walk
    monkeypatch.setattr(os, "walk", lambda top: ((f, s, n[::-1]) for f, s, n in walk(top)))
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    prepare_dataset(tmp_path / "b", tmp_path / "dataset_b", config)
    first, second = contents(tmp_path / "dataset_a"), contents(tmp_path / "dataset_b")
    differing = {str(name) for name in first if first[name] != second.get(name)}
    assert differing == {"prepare.json"}  # it names the source


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ({"lion": 12}, "at least 2 species to tell apart, got 'lion' with 12 images"),
        ({"lion": 12, "human": 9}, "got 'lion' with 12 images"),
        ({"human": 9, "empty": 2}, "got none"),
        ({"lion": 5, "eland": 2}, r"eland \(2\); add images"),
        ({"lion": 0, "eland": 0}, "no files found"),
    ],
)
def test_sources_that_cannot_be_split_leave_nothing(counts, reason, tmp_path, config, pictures):
    pictures(tmp_path / "source", counts)
    with pytest.raises(ValueError, match=reason) as caught:
        prepare_dataset(tmp_path / "source", tmp_path / "dataset", config)
    assert str(tmp_path / "source") in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_unreadable_sources_leave_nothing(tmp_path, config):
    (tmp_path / "source" / "lion").mkdir(parents=True)
    for number in range(3):
        (tmp_path / "source" / "lion" / f"{number}.jpg").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"none of 3 pictures.*lion/0.jpg: not a picture"):
        prepare_dataset(tmp_path / "source", tmp_path / "dataset", config)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


@pytest.mark.parametrize("target", ["source/dataset", "source", "."])
def test_a_dataset_lies_apart_from_its_source(target, tmp_path, config, pictures):
    pictures(tmp_path / "source", {"lion": 4, "eland": 4})
    with pytest.raises(ValueError, match=r"within the source|is no prepared dataset"):
        prepare_dataset(tmp_path / "source", tmp_path / target, config)


def test_names_survive_the_tables(tmp_path, config, pictures):
    names = ["007", "NA", "nan", "1e5", 'a"b,c', "élan"]
    pictures(tmp_path / "source", {f"{camera}/{n}": 3 for n in names for camera in ("NA", "01")})
    everything = dataclasses.replace(config, num_known=20)
    prepare_dataset(tmp_path / "source", tmp_path / "dataset", everything)
    dataset = DatasetFolder(tmp_path / "dataset")
    assert set(dataset.manifest["species"]) == set(names) == set(dataset.classes)
    assert set(dataset.manifest["camera"]) == {"NA", "01"}
    labels = [RecordSource(dataset.records)[row]["label"] for row in range(36)]
    assert [dataset.classes[label] for label in labels] == list(dataset.manifest["species"])


@pytest.mark.skipif(not STATIONS.exists(), reason=f"needs {STATIONS}")
def test_real_stations(tmp_path):
    with pytest.raises(ValueError, match=r"EGY \(9\), VTA \(5\).*num_known=3 or .*min_images=5"):
        prepare_dataset(STATIONS, tmp_path / "dataset", DataConfig())
    prepare_dataset(STATIONS, tmp_path / "dataset", DataConfig(min_images=5))
    manifest = DatasetFolder(tmp_path / "dataset").manifest
    assert manifest["role"].value_counts().to_dict() == {"known": 67, "excluded": 1}
    assert set(manifest["camera"]) == {"StationA", "StationB", "StationC"}
    for name, time in zip(manifest["filepath"], manifest["datetime"], strict=True):
        date, clock = name.partition("__")[2].split("(")[0].split("__")
        assert time == f"{date} {clock.replace('-', ':')}"


def test_planted_faults_are_found(tmp_path):
    """The audit names what the synthetic data set was given, and nothing else."""
    settings = SyntheticConfig(images_per_species=12, image_size=96, num_cameras=5)
    write_dataset(tmp_path / "synthetic", settings, num_workers=1)
    truth = read_json(tmp_path / "synthetic" / "truth.json")
    by_folder, by_file = tmp_path / "by_folder", tmp_path / "by_file"
    config = DataConfig(min_images=3)
    prepare_dataset(tmp_path / "synthetic" / "images", by_folder, config)
    prepare_dataset(tmp_path / "synthetic", by_file, config)
    manifest = read_table(by_folder / "manifest.csv")
    failures = read_table(by_folder / "failures.csv")
    assert set(failures["filepath"]) == {
        *truth["truncated"],
        *truth["zero_byte"],
        *truth["not_images"],
    }
    assert set(manifest["filepath"]) == set(truth["images"]) - set(failures["filepath"])
    findings = read_json(by_folder / "audit.json")
    assert findings["duplicates"] == sorted(sorted(pair) for pair in truth["duplicates"])
    pairs = sorted(sorted(pair["filepaths"]) for pair in findings["two_labels"])
    assert pairs == sorted(sorted(pair) for pair in truth["two_species"])
    bound = {entry["species"]: entry["camera"] for entry in findings["camera_bound_species"]}
    assert truth["camera_bound"].items() <= bound.items()
    other = read_table(by_file / "manifest.csv")
    assert list(other["filepath"]) == [f"images/{name}" for name in manifest["filepath"]]
    same = ["species", "role", "camera", "datetime", "width", "height", "sha256"]
    assert other[same].equals(manifest[same])
    assert (other["bbox"] != "").sum() == (other["role"] != "empty").sum()
