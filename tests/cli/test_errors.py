"""What people do wrong: exit code 1, one line that says what to do, nothing half-written."""

import errno
import os
import shutil
from pathlib import Path

import pytest
import safetensors.numpy
from reference.processes import camtrap as camtrap_process
from reference.tiny_study import write_tiny_source

from camtrap_jax.data.decoding.spool import Spool
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json


def tree(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


@pytest.fixture
def study(camtrap, config_file, tmp_path):
    """Runs `camtrap study` in tmp_path/run."""

    def run(*words):
        return camtrap("study", config_file, f"--workdir={tmp_path / 'run'}", *words)

    return run


def make_empty(folder):
    folder.mkdir()


def make_one_species(folder):
    write_tiny_source(folder, {"kudu": 12})


def make_a_rare_species(folder):
    write_tiny_source(folder, {"kudu": 12, "nyala": 12, "oribi": 2})


def make_unreadable(folder):
    write_tiny_source(folder)
    for path in folder.rglob("*.png"):
        path.write_bytes(b"no picture")


def make_flat(folder):
    write_tiny_source(folder, {"kudu": 12})
    for path in list(folder.rglob("*.png")):
        path.rename(folder / path.name)


@pytest.mark.parametrize(
    ("make", "part"),
    [
        (None, "source"),
        (make_empty, "no files found"),
        (make_one_species, "species"),
        (make_a_rare_species, "oribi"),
        (make_unreadable, "none of 44 pictures can be read"),
        (make_flat, "label"),
    ],
)
def test_a_source_that_cannot_be_used(camtrap, config_file, tmp_path, make, part):
    source = tmp_path / "source"
    if make:
        make(source)
    before = tree(tmp_path)
    for command, place in (("study", "--workdir"), ("prepare", "--dataset")):
        result = camtrap(command, config_file, f"{place}={tmp_path / 'new'}", f"--source={source}")
        assert result.code == 1
        assert part in result.error
        assert str(source) in result.error
        left = [path for path in tree(tmp_path) if path not in before]
        assert left in ([], ["new"])  # at most an empty folder


def test_starting_afresh_with_a_mistyped_source_deletes_nothing(
    camtrap, config_file, tiny_run, tmp_path
):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    before = tree(run)
    for words in (["--source=/not/there"], ["--dataset=/not/there"], ["--config.train.epochs=0"]):
        result = camtrap("study", config_file, f"--workdir={run}", "--overwrite", *words)
        assert result.code == 1
        assert result.error
        assert tree(run) == before


def test_starting_afresh_keeps_the_source_that_lies_inside(
    camtrap, config_file, tmp_path, tiny_dataset
):
    run = tmp_path / "run"
    shutil.copytree(tiny_dataset, run / "dataset")
    (run / "provenance.json").write_text("{}")  # a study was begun here
    config = "--config.model.init_from=/not/there"  # ends it after the start
    result = camtrap(
        "train",
        config_file,
        config,
        f"--workdir={run}",
        f"--dataset={run / 'dataset'}",
        "--overwrite",
    )
    assert "/not/there" in result.error
    assert (run / "dataset" / "manifest.csv").exists()


def test_a_dataset_that_is_none(study, tmp_path):
    (tmp_path / "dataset").mkdir()
    result = study(f"--dataset={tmp_path / 'dataset'}")
    assert result.code == 1
    assert "camtrap prepare" in result.error
    assert tree(tmp_path) == ["dataset"]


def test_source_and_dataset_together(study, tiny_source, tiny_dataset, tmp_path):
    result = study(f"--source={tiny_source}", f"--dataset={tiny_dataset}", "--overwrite")
    assert result.code == 1
    assert "not both" in result.error
    assert tree(tmp_path) == []


@pytest.mark.parametrize("flag", ["--workdir", "--dataset"])
def test_a_file_where_a_folder_should_be(camtrap, config_file, tiny_source, tmp_path, flag):
    path = tmp_path / "file"
    path.write_text("mine")
    command = "study" if flag == "--workdir" else "prepare"
    result = camtrap(command, config_file, f"{flag}={path}", f"--source={tiny_source}")
    assert result.code == 1
    assert str(path) in result.error
    assert path.read_text() == "mine"


def test_a_place_that_cannot_be_written(camtrap, config_file, tiny_source):
    result = camtrap("study", config_file, "--workdir=/proc/run", f"--source={tiny_source}")
    assert result.code == 1
    assert "/proc/" in result.error


def test_a_folder_of_another_config(camtrap, config_file, tiny_run, tiny_source):
    words = [config_file, f"--workdir={tiny_run}", f"--source={tiny_source}"]
    result = camtrap("study", *words, "--config.train.epochs=4", "--config.model.width=0.1")
    assert result.code == 1
    for part in ("model.width: 0.05 -> 0.1", "train.epochs: 3 -> 4", "--overwrite", str(tiny_run)):
        assert part in result.error
    assert read_json(tiny_run / "config.json")["train"]["epochs"] == 3


@pytest.mark.parametrize("name", ["units", "explain", "evaluate", "report", "truth"])
def test_a_stage_of_a_folder_without_a_run(camtrap, tmp_path, name):
    result = camtrap(name, f"--workdir={tmp_path / 'nothing'}")
    assert result.code == 1
    assert "camtrap train" in result.error
    assert tree(tmp_path) == []


def test_weights_to_start_from_that_do_not_fit(study, tiny_dataset, tiny_run, tmp_path):
    (tmp_path / "text.npz").write_text("no weights")
    other = tmp_path / "other.safetensors"
    tensors = safetensors.numpy.load_file(tiny_run / "weights.safetensors")
    tensors["features.0.weight"] = tensors["features.0.weight"][:1].copy()
    safetensors.numpy.save_file(tensors, other)
    # In one folder, one after the other: a failed start may be repeated with another file.
    for path, part in (
        ("/not/there.npz", "no such file of weights"),
        (tmp_path / "text.npz", "expected .safetensors, .npz or .pth"),
        (other, "shape"),
    ):
        result = study(f"--dataset={tiny_dataset}", f"--config.model.init_from={path}")
        assert result.code == 1
        assert part in result.error
        assert str(path) in result.error
        assert not (tmp_path / "run" / "weights.safetensors").exists()


def test_stages_by_themselves_run_when_they_have_to(camtrap, config_file, tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    words = [f"--workdir={run}", config_file]
    assert camtrap("units", *words).err == "units: up to date\n"
    result = camtrap("units", *words, "--config.units.num_bins=4")
    assert result.code == 0
    assert result.err == f"units: done, {run / 'units'}\n"
    assert read_json(run / "units" / "units.json")["num_bins"] == 4
    assert camtrap("units", f"--workdir={run}").err == "units: up to date\n"  # the run's settings
    assert camtrap("units", f"--workdir={run}", "--overwrite").err.startswith("units: done")
    result = camtrap("explain", f"--workdir={run}", "--images=all", "--maps=guided_backprop")
    assert result.code == 0
    facts = read_json(run / "explain" / "explain.json")
    assert facts["maps_of"] == "all"
    assert facts["maps"] == ["guided_backprop"]
    assert camtrap("units", f"--workdir={run}").err.startswith("units: done")
    refused = camtrap("tree", *words)  # the file's settings of explain are not the run's any more
    assert refused.code == 1
    assert "camtrap explain" in refused.error


def test_a_damaged_checkpoint_is_one_line_that_tells_how_to_go_on(
    tiny_run, tiny_source, tmp_path, config_file
):
    """In a process of its own: Orbax leaves threads and warnings behind."""
    run = shutil.copytree(tiny_run, tmp_path / "run")
    (run / "train" / "stage.json").unlink()
    (run / "weights.safetensors").unlink()
    newest = max((run / "checkpoints").iterdir(), key=lambda path: int(path.name))
    for path in newest.rglob("d/*"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    words = ["study", config_file, f"--workdir={run}", f"--source={tiny_source}"]
    assert camtrap_process(*words, log=tmp_path / "log") == 1
    lines = Path(tmp_path / "log").read_text().splitlines()
    errors = [line for line in lines if line.startswith("camtrap study:")]
    assert len(errors) == 1, lines
    assert str(newest) in errors[0]
    assert "--overwrite" in errors[0]
    assert not any("Traceback" in line for line in lines)
    shutil.rmtree(newest)  # as the line says
    assert camtrap_process(*words, log=tmp_path / "log") == 0
    original = (tiny_run / "weights.safetensors").read_bytes()
    assert (run / "weights.safetensors").read_bytes() == original


def test_a_full_disk_is_one_line_and_nothing_decoded_is_lost(
    camtrap, config_file, tiny_source, tmp_path, monkeypatch
):
    words = ["prepare", config_file, f"--source={tiny_source}", f"--dataset={tmp_path / 'dataset'}"]
    add, added, room = Spool.add, [], [5]

    def add_until_full(spool, measured, jpeg):
        if len(added) == room[0]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        added.append(measured.filepath)
        add(spool, measured, jpeg)

    monkeypatch.setattr(Spool, "add", add_until_full)
    full = camtrap(*words)
    assert full.code == 1
    assert "No space left on device; free some" in full.error
    assert "Errno" not in full.error
    assert not (tmp_path / "dataset").exists()
    room[0] = -1
    assert camtrap(*words).code == 0
    assert len(added) == len(set(added)) == len(DatasetFolder(tmp_path / "dataset").pictures)
