import dataclasses
import errno
import io
import json
import os
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camtrap_jax.config import DataConfig, SyntheticConfig
from camtrap_jax.data import prepare
from camtrap_jax.data.decoding import decoded_pictures
from camtrap_jax.data.decoding.pictures import read_picture
from camtrap_jax.data.manifest import COLUMNS
from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.data.records import RecordSource
from camtrap_jax.data.sources.storage import FolderStorage
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
    monkeypatch.setattr(prepare, "DecodedPictures", None)  # any attempt to decode would fail
    prepare_dataset(source, target, config)
    source.rename(tmp_path / "moved")
    prepare_dataset(tmp_path / "moved", target, config)
    other = dataclasses.replace(config, seed=1, short_side=33)
    with pytest.raises(ValueError, match=r"data.seed: 0 -> 1, data.short_side: 40 -> 33.*--overw"):
        prepare_dataset(tmp_path / "moved", target, other)
    for path in (tmp_path / "moved").rglob("*.jpg"):
        os.utime(path, ns=(0, 0))  # a copy of the folder has other times
    prepare_dataset(tmp_path / "moved", target, config, may_change=False)
    pictures(tmp_path / "moved", {"lion": 6})
    with pytest.raises(ValueError, match=r"the pictures or labels differ.*--overwrite"):
        prepare_dataset(tmp_path / "moved", target, config, may_change=False)
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


def decoded_files(monkeypatch):
    """Returns the list of the paths that are decoded from now on."""
    decoded = []

    def count(storage, config, filepath):
        decoded.append(filepath)
        return read_picture(storage, config, filepath)

    monkeypatch.setattr(decoded_pictures, "read_picture", count)
    return decoded


def test_only_new_and_changed_pictures_are_decoded(tmp_path, config, pictures, monkeypatch):
    """The result is that of preparing everything anew, byte for byte."""
    source, target = tmp_path / "source", tmp_path / "dataset"
    pictures(source, {"lion": 6, "eland": 6, "oribi": 4})
    (source / "lion" / "broken.jpg").write_bytes(b"x")
    prepare_dataset(source, target, config)
    decoded = decoded_files(monkeypatch)
    prepare_dataset(source, target, config)
    assert decoded == []
    pictures(tmp_path, {"new": 2}, first_seed=77)
    (tmp_path / "new" / "000.jpg").rename(source / "eland" / "0new.jpg")
    (source / "eland" / "002.jpg").unlink()
    (tmp_path / "new" / "001.jpg").replace(source / "lion" / "003.jpg")
    (source / "oribi" / "001.jpg").rename(source / "lion" / "moved.jpg")
    prepare_dataset(source, target, config)
    new = ["eland/0new.jpg", "lion/003.jpg", "lion/broken.jpg", "lion/moved.jpg"]
    assert sorted(decoded) == new
    prepare_dataset(source, tmp_path / "anew", config)
    assert contents(target) == contents(tmp_path / "anew")
    decoded.clear()
    other = dataclasses.replace(config, seed=1)
    prepare_dataset(source, target, other, overwrite=True)
    assert decoded == ["lion/broken.jpg"]  # other settings of the split need no other pixels
    prepare_dataset(source, tmp_path / "anew", other, overwrite=True)
    assert contents(target) == contents(tmp_path / "anew")
    decoded.clear()
    prepare_dataset(source, target, dataclasses.replace(other, short_side=30), overwrite=True)
    assert len(decoded) == 17


def test_a_preparation_that_ended_early_goes_on(tmp_path, config, pictures, monkeypatch):
    source = tmp_path / "source"
    paths = pictures(source, {"lion": 9, "eland": 8})
    prepare_dataset(source, tmp_path / "whole", config)

    def stop(done, total):
        if done == 10:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare_dataset(source, tmp_path / "dataset", config, on_progress=stop)
    assert not (tmp_path / "dataset").exists()
    decoded = decoded_files(monkeypatch)
    steps = []
    prepare_dataset(source, tmp_path / "dataset", config, on_progress=lambda *s: steps.append(s))
    assert decoded == paths[10:]
    assert steps == [(done, 17) for done in range(10, 18)]
    assert contents(tmp_path / "dataset") == contents(tmp_path / "whole")
    assert {path.name for path in tmp_path.iterdir()} == {"source", "whole", "dataset"}


def test_labels_are_checked_before_anything_is_decoded(tmp_path, config, pictures, monkeypatch):
    pictures(tmp_path / "source", {"lion": 9, "eland": 2})
    decoded = decoded_files(monkeypatch)
    with pytest.raises(ValueError, match=r"eland \(2\)"):
        prepare_dataset(tmp_path / "source", tmp_path / "dataset", config)
    assert decoded == []


def test_a_picture_under_two_labels_is_decoded_once(tmp_path, config, pictures, monkeypatch):
    pictures(tmp_path / "source", {"images": 8})
    rows = [f"images/{n:03d}.jpg,{'lion' if n % 2 else 'eland'}" for n in range(8)]
    table = "\n".join(["filepath,label", *rows, "images/003.jpg,eland"])
    (tmp_path / "source" / "labels.csv").write_text(table)
    decoded = decoded_files(monkeypatch)
    prepare_dataset(tmp_path / "source", tmp_path / "keep", config)
    assert len(decoded) == 8
    kept = DatasetFolder(tmp_path / "keep")
    assert len(kept.manifest) == len(RecordSource(kept.records)) == 9
    expected = {
        "drop": {("images/003.jpg", "lion"), ("images/003.jpg", "eland")},
        "first": {("images/003.jpg", "eland")},
    }
    for conflicts, gone in expected.items():
        settings = dataclasses.replace(config, conflicts=conflicts)
        prepare_dataset(tmp_path / "source", tmp_path / conflicts, settings)
        manifest = DatasetFolder(tmp_path / conflicts).manifest
        aside = manifest[manifest["role"] == "excluded"]
        assert set(zip(aside["filepath"], aside["species"], strict=True)) == gone
        failures = read_table(tmp_path / conflicts / "failures.csv")
        assert list(failures["filepath"]) == ["images/003.jpg"] * len(gone)
        assert failures["reason"].str.contains("'lion', 'eland'").all()


def test_exif_is_kept_only_where_asked_for(tmp_path, config, pictures, pixels, encoded):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769)[0x9003] = "2019:05:06 07:08:09"
    exif.get_ifd(0x8825)[1] = "S"
    exif.get_ifd(0x8825)[2] = (18.0, 58.0, 1.0)
    source = tmp_path / "source"
    pictures(source, {"lion": 5, "eland": 5})
    (source / "lion" / "tagged.jpg").write_bytes(encoded(pixels(50), exif=exif, comment=b"18 S"))
    prepare_dataset(source, tmp_path / "clean", config)
    prepare_dataset(source, tmp_path / "kept", dataclasses.replace(config, keep_exif=True))
    blocks = {}
    for name in ("clean", "kept"):
        dataset = DatasetFolder(tmp_path / name)
        row = list(dataset.manifest["filepath"]).index("lion/tagged.jpg")
        assert dataset.manifest["datetime"][row] == "2019-05-06 07:08:09"
        jpeg = RecordSource(dataset.records)[row]["image"]
        with Image.open(io.BytesIO(jpeg)) as image:
            blocks[name] = image.getexif()
            assert image.height > image.width  # upright already
            assert "comment" not in image.info
        if name == "clean":
            assert b"Exif" not in jpeg
    assert not blocks["clean"]
    assert blocks["kept"].get_ifd(0x8825)[1] == "S"
    assert blocks["kept"][0x0112] == 1  # nobody must turn it once more


def test_pictures_that_show_people_are_marked_under_every_label(tmp_path, config, pictures):
    source = tmp_path / "source"
    pictures(source, {"lion": 5, "eland": 5, "Setup": 1})
    (source / "lion" / "again.jpg").write_bytes((source / "Setup" / "000.jpg").read_bytes())
    detections = [
        {
            "file": "eland/002.jpg",
            "detections": [{"category": "2", "conf": 0.9, "bbox": [0, 0, 1, 1]}],
        },
        {
            "file": "eland/003.jpg",
            "detections": [{"category": "2", "conf": 0.1, "bbox": [0, 0, 1, 1]}],
        },
        {
            "file": "eland/004.jpg",
            "detections": [{"category": "1", "conf": 0.9, "bbox": [0.5, 0, 0.25, 1]}],
        },
    ]
    boxes = tmp_path / "boxes.json"
    categories = {"1": "animal", "2": "person", "3": "vehicle"}
    info = {"format_version": "1.4"}
    boxes.write_text(
        json.dumps({"info": info, "detection_categories": categories, "images": detections})
    )
    prepare_dataset(source, tmp_path / "dataset", dataclasses.replace(config, boxes=str(boxes)))
    files = DatasetFolder(tmp_path / "dataset").pictures.set_index("filepath")["people"]
    shown = {"lion/again.jpg", "Setup/000.jpg", "eland/002.jpg"}
    assert set(files.index[files == 1]) == shown
    manifest = DatasetFolder(tmp_path / "dataset").manifest.set_index("filepath")
    assert manifest["bbox"]["eland/004.jpg"] == "0.5,0,0.25,1"
    assert (manifest["bbox"] != "").sum() == 1


def fail_on_full_disk(*args):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_result_is_the_same_anywhere(tmp_path, config, pictures, monkeypatch):
    counts = {"lion": 9, "eland": 7, "oribi": 4}
    pictures(tmp_path / "a", counts)
    prepare_dataset(tmp_path / "a", tmp_path / "dataset_a", config)
    pictures(tmp_path / "b", counts)
    scandir = os.scandir

    @contextmanager
    def backwards(path):
        with scandir(path) as entries:
            yield iter(sorted(entries, key=lambda entry: entry.name, reverse=True))

    monkeypatch.setattr(os, "scandir", backwards)
    monkeypatch.setattr(os, "cpu_count", lambda: 1)
    prepare_dataset(tmp_path / "b", tmp_path / "dataset_b", config)
    first, second = contents(tmp_path / "dataset_a"), contents(tmp_path / "dataset_b")
    differing = {str(name) for name in first if first[name] != second.get(name)}
    assert differing == {"prepare.json", "pictures.csv"}  # they have source, times of change


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
    for number in range(6):
        path = tmp_path / "source" / ("lion", "eland")[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"none of 6 pictures.*eland/1.jpg: not a picture"):
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
    prepare_dataset(STATIONS, tmp_path / "dataset", DataConfig())
    manifest = DatasetFolder(tmp_path / "dataset").manifest
    assert manifest["role"].value_counts().to_dict() == {"known": 67, "excluded": 1}
    assert manifest.loc[manifest["role"] == "known", "species"].nunique() == 5
    assert list(manifest.loc[manifest["role"] == "excluded", "species"]) == ["UNID"]
    assert set(manifest["camera"]) == {"StationA", "StationB", "StationC"}
    for name, time in zip(manifest["filepath"], manifest["datetime"], strict=True):
        date, clock = name.partition("__")[2].split("(")[0].split("__")
        assert time == f"{date} {clock.replace('-', ':')}"


@pytest.mark.skipif(not STATIONS.exists(), reason=f"needs {STATIONS}")
def test_no_real_station_is_shared(tmp_path):
    prepare_dataset(STATIONS, tmp_path / "dataset", DataConfig(split="camera"))
    manifest = DatasetFolder(tmp_path / "dataset").manifest
    known = manifest[manifest["role"] == "known"]
    assert (known.groupby("camera")["split"].nunique() == 1).all()
    assert known["split"].value_counts().to_dict() == {"train": 59, "test": 8}
    assert set(known.loc[known["split"] == "train", "species"]) == set(known["species"])
    notes = " ".join(read_json(tmp_path / "dataset" / "audit.json")["split_notes"])
    for species in ("EGY", "MNE", "TRA"):  # each at one station only
        assert species in notes


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


def edited(path, *, ascending):
    """Sorts a table's rows as a spreadsheet would."""
    read_table(path).sort_values("sha256", ascending=ascending).to_csv(path, index=False)


def test_a_manifest_that_was_sorted_is_not_used(tmp_path, config, pictures, pixels, encoded):
    source, target = tmp_path / "source", tmp_path / "dataset"
    pictures(source, {"lion": 6, "eland": 6})
    prepare_dataset(source, target, config)
    for ascending in (False, True):  # one of them is another order than before
        edited(target / "manifest.csv", ascending=ascending)
    with pytest.raises(ValueError, match=r"manifest.csv: was edited .* --overwrite"):
        _ = DatasetFolder(target).manifest
    (source / "lion" / "new.jpg").write_bytes(encoded(pixels(77)))
    with pytest.raises(ValueError, match=r"manifest.csv was edited since.*--overwrite"):
        prepare_dataset(source, target, config)
    prepare_dataset(source, target, config, overwrite=True)
    prepare_dataset(source, tmp_path / "anew", config)
    assert contents(target) == contents(tmp_path / "anew")


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: next(folder.glob("records/*array_record*")).unlink(),
        lambda folder: (folder / "records" / "features.json").unlink(),
        lambda folder: os.truncate(next(folder.glob("records/*array_record*")), 70_000),
        lambda folder: (folder / "audit.json").unlink(),
        lambda folder: (folder / "failures.csv").write_text("x"),
        lambda folder: (folder / "pictures.csv").write_bytes(b"\xff\xfe"),
    ],
    ids=["no records", "no features", "cut records", "no audit", "failures", "pictures"],
)
def test_a_damaged_dataset_is_made_whole_again(damage, tmp_path, config, pictures):
    source, target = tmp_path / "source", tmp_path / "dataset"
    pictures(source, {"lion": 6, "eland": 6})
    prepare_dataset(source, target, config)
    before = contents(target)
    damage(target)
    assert prepare_dataset(source, target, config)
    assert contents(target) == before
    damage(target)
    assert prepare_dataset(source, target, config, overwrite=True)
    assert contents(target) == before


def test_names_with_carriage_returns_keep_rows_and_records_together(tmp_path, config, pictures):
    source, target = tmp_path / "source", tmp_path / "dataset"
    pictures(source, {"C\r1/lion": 6, "C2/eland": 6})
    (source / "C2" / "eland" / "000.jpg").rename(source / "C2" / "eland" / "0\r0.jpg")
    prepare_dataset(source, target, config)
    dataset = DatasetFolder(target)
    assert len(dataset.manifest) == len(RecordSource(dataset.records)) == 12
    assert set(dataset.manifest["camera"]) == {"C\r1", "C2"}
    assert "C2/eland/0\r0.jpg" in set(dataset.pictures["filepath"])


def test_files_that_could_not_be_opened_are_tried_again(tmp_path, config, pictures, monkeypatch):
    source, target = tmp_path / "source", tmp_path / "dataset"
    pictures(source, {"lion": 6, "eland": 6})
    read = FolderStorage.read

    def locked(self, filepath):
        if filepath == "lion/003.jpg":
            raise PermissionError(errno.EACCES, "Permission denied")
        return read(self, filepath)

    with monkeypatch.context() as patch:
        patch.setattr(FolderStorage, "read", locked)
        assert prepare_dataset(source, target, config)
        assert len(DatasetFolder(target).manifest) == 11
        assert not prepare_dataset(source, target, config)
    assert prepare_dataset(source, target, config)
    assert len(DatasetFolder(target).manifest) == 12
    assert not prepare_dataset(source, target, config)


def test_another_source_does_not_replace_a_dataset(tmp_path, config, pictures):
    pictures(tmp_path / "one", {"lion": 6, "eland": 6})
    pictures(tmp_path / "other", {"oribi": 6, "lion": 5})
    prepare_dataset(tmp_path / "one", tmp_path / "dataset", config)
    with pytest.raises(ValueError, match=r"7 of its 12 pictures are not in the source .*--overw"):
        prepare_dataset(tmp_path / "other", tmp_path / "dataset", config)
    prepare_dataset(tmp_path / "other", tmp_path / "dataset", config, overwrite=True)
    assert DatasetFolder(tmp_path / "dataset").classes == ["lion", "oribi"]


def test_a_link_to_a_dataset_stays_a_link(tmp_path, config, pictures):
    pictures(tmp_path / "source", {"lion": 6, "eland": 6})
    (tmp_path / "disk").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "disk" / "dataset")
    for seed in (0, 1):
        settings = dataclasses.replace(config, seed=seed)
        prepare_dataset(tmp_path / "source", tmp_path / "link", settings, overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert [path.name for path in (tmp_path / "disk").iterdir()] == ["dataset"]
    assert len(DatasetFolder(tmp_path / "link").manifest) == 12


def test_the_root_of_a_disk_is_refused_before_anything_is_decoded(
    tmp_path, config, pictures, monkeypatch
):
    pictures(tmp_path / "source", {"lion": 6, "eland": 6})
    decoded = decoded_files(monkeypatch)
    monkeypatch.setattr(os.path, "ismount", lambda path: True)
    with pytest.raises(ValueError, match=r"root of a disk.*--dataset=.*/dataset/dataset"):
        prepare_dataset(tmp_path / "source", tmp_path / "dataset", config)
    assert decoded == []


def test_a_split_by_camera_without_cameras_is_refused_before_anything_is_decoded(
    tmp_path, config, pictures, monkeypatch
):
    pictures(tmp_path / "source", {"lion": 6, "eland": 6})
    decoded = decoded_files(monkeypatch)
    by_camera = dataclasses.replace(config, split="camera")
    with pytest.raises(ValueError, match="none of 12 images has a camera"):
        prepare_dataset(tmp_path / "source", tmp_path / "dataset", by_camera)
    assert decoded == []
