import dataclasses
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from reference.edited_dataset import change_manifest
from reference.tiny_study import tiny_config

from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.store import read_json, write_json
from camtrap_jax.study import stages
from camtrap_jax.study.console import Silent
from camtrap_jax.study.opening import check_fixed_settings, open_run, remove_run
from camtrap_jax.study.stages import STAGES, run_stage
from camtrap_jax.study.whole import run_study


@pytest.fixture
def run_copy(tiny_run, tmp_path):
    """A copy of a finished run, in another place."""
    return shutil.copytree(tiny_run, tmp_path / "run")


def times(root):
    """Modification times of everything but the two files that tell what a run is."""
    return {
        path.relative_to(root).as_posix(): path.stat().st_mtime_ns
        for path in root.rglob("*")
        if path.is_file() and path.name not in ("config.json", "provenance.json")
    }


def stages_that_ran(root, config, **data):
    """Carries out a study and tells which stages ran, by their marks."""
    before = times(root)
    run_study(root, config, Silent(), **data)
    after = times(root)
    marks = {name: f"{name}/stage.json" for name in STAGES}
    return [name for name, mark in marks.items() if before.get(mark) != after[mark]]


def test_again_does_nothing(run_copy, tiny_source):
    before = times(run_copy)
    run_study(run_copy, tiny_config(), Silent(), source=tiny_source)
    assert times(run_copy) == before


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("units.num_bins", 5, ["units", "truth", "report"]),
        ("evaluate.bootstrap_rounds", 21, ["evaluate", "truth", "report"]),
        ("tree.linkage", "ward", ["tree", "truth", "report"]),
        # evaluate and novelty measure against the tree's centroids
        ("tree.seed", 1, ["evaluate", "tree", "novelty", "truth", "report"]),
        ("novelty.rounds", 3, ["novelty", "truth", "report"]),
        ("report.title", "Another title", ["report"]),
        ("explain.images", "all", [name for name in STAGES if name != "train"]),
    ],
)
def test_a_changed_setting_runs_what_depends_on_it_and_nothing_else(
    run_copy, tiny_source, setting, value, expected
):
    config, (section, name) = tiny_config(), setting.split(".")
    setattr(getattr(config, section), name, value)
    assert stages_that_ran(run_copy, config, source=tiny_source) == expected
    assert getattr(getattr(RunFolder(run_copy).config, section), name) == value
    assert stages_that_ran(run_copy, config, source=tiny_source) == []


def test_every_section_of_the_settings_belongs_to_a_stage():
    used = {
        section for stage in STAGES.values() for section in stage.settings if "." not in section
    }
    assert used | {"human"} == set(read_sections())  # of `dice`, which a study does not run


def read_sections():
    from camtrap_jax.config import config_to_dict

    return config_to_dict(tiny_config())


def test_stages_come_after_what_they_need():
    names = list(STAGES)
    for name, stage in STAGES.items():
        assert all(names.index(other) < names.index(name) for other in stage.needs)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("train.epochs", 4), ("model.name", "resnet50"), ("data.seed", 1), ("synthetic.seed", 2)],
)
def test_other_settings_of_the_network_are_refused_and_change_nothing(
    run_copy, tiny_source, setting, value
):
    before, own = times(run_copy), (run_copy / "config.json").read_bytes()
    config, (section, name) = tiny_config(), setting.split(".")
    config.units.num_bins = 4
    setattr(getattr(config, section), name, value)
    expected = rf"{section}\.{name}: .* -> .*{value}.*--overwrite"
    with pytest.raises(ValueError, match=expected) as caught:
        run_study(run_copy, config, Silent(), source=tiny_source)
    assert "units" not in str(caught.value)  # only what is in the way
    assert "\n" not in str(caught.value)
    assert times(run_copy) == before
    assert (run_copy / "config.json").read_bytes() == own


def test_a_run_that_failed_before_training_may_start_with_other_settings(tiny_dataset, tmp_path):
    config = tiny_config()
    config.model.init_from = str(tmp_path / "empty.npz")
    (tmp_path / "empty.npz").touch()
    with pytest.raises(ValueError, match=r"empty\.npz"):
        run_study(tmp_path / "run", config, Silent(), dataset=tiny_dataset)
    assert (tmp_path / "run" / "config.json").exists()
    check_fixed_settings(tmp_path / "run", tiny_config())


def test_mistyped_weights_end_a_study_before_anything_is_drawn(tmp_path):
    config = tiny_config()
    config.model.init_from = str(tmp_path / "mistyped.npz")
    with pytest.raises(FileNotFoundError, match=r"mistyped.*model\.init_from"):
        run_study(tmp_path / "run", config, Silent())
    assert not list(tmp_path.iterdir())


def test_another_dataset_is_refused(run_copy, tiny_dataset, tmp_path):
    other = shutil.copytree(tiny_dataset, tmp_path / "other")
    change_manifest(other, lambda table: table.replace("C0", "C7", 1))
    with pytest.raises(ValueError, match=r"other data.*--overwrite"):
        open_run(run_copy, DatasetFolder(other), tiny_config())
    open_run(run_copy, DatasetFolder(tiny_dataset), tiny_config())  # the same images elsewhere


def test_a_run_may_be_moved_when_its_dataset_is_inside(run_copy, tiny_source):
    config = tiny_config()
    config.units.num_bins = 7
    ran = stages_that_ran(run_copy, config, dataset=run_copy / "dataset")
    assert ran == ["units", "truth", "report"]
    facts = read_json(run_copy / "provenance.json")
    assert facts["dataset"] == "dataset"
    assert facts["source"] == str(tiny_source)


def test_a_stage_does_not_read_what_a_killed_process_left(run_copy):
    """All arrays are there, at their full size, as soon as the first images are explained."""
    (run_copy / "explain" / "stage.json").unlink()
    shutil.rmtree(run_copy / "units")
    run = RunFolder(run_copy)
    with pytest.raises(ValueError, match=r"explain: not finished; run `camtrap explain` first"):
        run_stage("units", run, run.config, Silent())
    assert not (run_copy / "units").exists()


def test_a_stage_does_not_read_results_of_other_settings(run_copy):
    run, config = RunFolder(run_copy), tiny_config()
    config.explain.images = "all"
    with pytest.raises(ValueError, match=r"explain: was made with other settings"):
        run_stage("units", run, config, Silent())
    assert read_json(run_copy / "units" / "stage.json")


def test_half_done_results_of_other_settings_are_thrown_away(run_copy, monkeypatch):
    """A killed pass must not be continued by one with other settings."""
    run, config = RunFolder(run_copy), tiny_config()
    (run_copy / "explain" / "stage.json").rename(run_copy / "explain" / "started.json")
    config.explain.target = "true"
    found = []

    def explain(run, config, console):
        del config, console
        found.extend(path.name for path in (run.root / "explain").iterdir())

    replaced = stages.Stage("explain", explain, ("explain",), ("train",))
    monkeypatch.setitem(STAGES, "explain", replaced)
    assert run_stage("explain", run, config, Silent())
    assert found == ["started.json"]


def test_a_newer_version_keeps_the_network_and_renews_the_analyses(
    run_copy, tiny_source, monkeypatch
):
    monkeypatch.setattr(stages, "__version__", "99")
    ran = stages_that_ran(run_copy, tiny_config(), source=tiny_source)
    assert ran == [name for name in STAGES if name != "train"]


@pytest.mark.parametrize("mark", ["stage.json", "started.json"])
def test_a_network_of_a_version_that_knew_fewer_settings_is_kept(run_copy, tiny_source, mark):
    """Its mark is of other settings to the letter; what it was made with is the same."""
    config = read_json(run_copy / "config.json")
    del config["train"]["patience"], config["train"]["frozen_stages"]
    config["train"]["freeze_trunk"] = False
    write_json(run_copy / "config.json", config)
    (run_copy / "train" / "stage.json").unlink()
    write_json(run_copy / "train" / mark, {"key": "of an older version"})
    before = (run_copy / "weights.safetensors").read_bytes()
    steps = {path.name for path in (run_copy / "checkpoints").iterdir()}
    written = (run_copy / "train" / "metrics.jsonl").read_bytes()
    run_study(run_copy, tiny_config(), Silent(), source=tiny_source)
    assert (run_copy / "weights.safetensors").read_bytes() == before
    assert {path.name for path in (run_copy / "checkpoints").iterdir()} == steps
    assert (run_copy / "train" / "metrics.jsonl").read_bytes() == written


def test_starting_afresh_deletes_what_a_study_writes_and_nothing_else(run_copy):
    (run_copy / "notes.txt").write_text("mine")
    (run_copy / "photos").mkdir()
    (run_copy / "photos" / "a.jpg").write_text("mine")
    remove_run(run_copy)
    left = sorted(path.relative_to(run_copy).as_posix() for path in run_copy.rglob("*"))
    assert left == ["notes.txt", "photos", "photos/a.jpg"]


def test_starting_afresh_keeps_the_dataset_that_it_starts_from(run_copy):
    remove_run(run_copy, keep=run_copy / "dataset")
    assert [path.name for path in run_copy.iterdir()] == ["dataset"]
    assert (run_copy / "dataset" / "manifest.csv").exists()


def test_starting_afresh_leaves_a_folder_alone_that_no_study_began(tmp_path):
    for name in ("dataset", "train", "report", "checkpoints"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.txt").write_text("")
    (tmp_path / "config.json").write_text("{}")
    remove_run(tmp_path)
    assert len(list(tmp_path.rglob("mine.txt"))) == 4
    assert (tmp_path / "config.json").exists()


def test_starting_afresh_follows_no_links(run_copy, tmp_path):
    outside = tmp_path / "outside"
    (run_copy / "dataset").rename(outside)
    (run_copy / "dataset").symlink_to(outside)
    remove_run(run_copy)
    assert (outside / "manifest.csv").exists()
    assert not list(run_copy.iterdir())


def test_a_second_run_is_refused_while_images_are_explained(run_copy, tiny_source):
    """The line names the folder, nothing is deleted, and the end of the first releases it."""
    config = tiny_config()
    before = times(run_copy)
    message = f"^{run_copy / 'explain'}: another process is writing to it; wait for it to end$"
    with stages.locked("explain", run_copy):
        for afresh in (False, True):
            with pytest.raises(ValueError, match=message):
                run_stage("explain", RunFolder(run_copy), config, Silent(), afresh=afresh)
        with pytest.raises(ValueError, match=message):
            run_study(run_copy, config, Silent(), source=tiny_source)
        with pytest.raises(ValueError, match=message):
            remove_run(run_copy)
        run_stage("units", RunFolder(run_copy), config, Silent())
    assert times(run_copy) == before
    assert not run_stage("explain", RunFolder(run_copy), config, Silent())


def test_a_stage_that_failed_lets_go_of_its_folder(run_copy, monkeypatch):
    def failing(run, config, console):
        raise OSError("no space left")

    explain = dataclasses.replace(STAGES["explain"], run=failing)
    with monkeypatch.context() as patch:
        patch.setitem(STAGES, "explain", explain)
        with pytest.raises(OSError, match="no space"):
            run_stage("explain", RunFolder(run_copy), tiny_config(), Silent(), afresh=True)
    assert run_stage("explain", RunFolder(run_copy), tiny_config(), Silent())


def test_source_and_dataset_together_are_refused(tmp_path, tiny_source, tiny_dataset):
    with pytest.raises(ValueError, match="not both"):
        run_study(tmp_path / "r", tiny_config(), Silent(), source=tiny_source, dataset=tiny_dataset)
    assert not list(tmp_path.iterdir())


def write_taxonomy(path, text="species,genus,family\nnyala,T,B\nkudu,T,B\noribi,O,B\n"):
    path.write_text(text)
    return path


def run_tree(root, config=None):
    run = RunFolder(root)
    return run_stage("tree", run, config or run.config, Silent())


def test_half_a_file_of_a_killed_process_does_not_stay(run_copy):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (run_copy / "tree" / "stage.json").unlink()
    half = run_copy / "tree" / f".linkage.csv.{dead.pid}.tmp"
    half.write_text("left,ri")
    assert run_stage("tree", RunFolder(run_copy), tiny_config(), Silent())
    assert not half.exists()


@pytest.fixture
def compared(run_copy, tmp_path):
    """A run whose tree was compared with a taxonomy, and its settings."""
    config = tiny_config()
    config.tree.taxonomy = str(write_taxonomy(tmp_path / "taxonomy.csv"))
    assert run_tree(run_copy, config)
    return run_copy, config


def test_a_taxonomy_counts_by_what_it_says_not_by_when_it_was_written(compared):
    root, config = compared
    before = (root / "tree" / "comparison.csv").read_bytes()
    write_taxonomy(Path(config.tree.taxonomy))
    assert not run_tree(root, config)
    write_taxonomy(Path(config.tree.taxonomy), "((nyala,oribi),kudu);")
    assert run_tree(root, config)
    assert (root / "tree" / "comparison.csv").read_bytes() != before


def test_a_taxonomy_that_is_gone_does_not_undo_what_was_compared(compared):
    root, config = compared
    Path(config.tree.taxonomy).unlink()
    before = times(root)
    assert not run_tree(root, config)
    assert run_stage("truth", RunFolder(root), config, Silent())
    config.tree.linkage = "ward"
    with pytest.raises(FileNotFoundError, match=r"taxonomy\.csv: no such file \(tree\.taxonomy\)"):
        run_tree(root, config)
    assert {p: t for p, t in times(root).items() if p.startswith("tree")} == {
        p: t for p, t in before.items() if p.startswith("tree")
    }


def test_a_taxonomy_inside_the_folder_that_is_written_anew_is_refused(compared):
    root, config = compared
    config.tree.taxonomy = str(root / "tree" / "tree.nwk")
    with pytest.raises(ValueError, match="copy it elsewhere"):
        run_tree(root, config)
    assert (root / "tree" / "tree.nwk").exists()


def test_a_mistyped_taxonomy_ends_a_study_before_anything_is_drawn(tmp_path):
    config = tiny_config()
    config.tree.taxonomy = str(tmp_path / "mistyped.nwk")
    with pytest.raises(FileNotFoundError, match=r"mistyped.*tree\.taxonomy"):
        run_study(tmp_path / "run", config, Silent())
    assert not list(tmp_path.iterdir())


def test_a_folder_for_a_taxonomy_ends_a_study_before_anything_is_drawn(tmp_path):
    config = tiny_config()
    config.tree.taxonomy = "."  # as a path the same as nothing
    with pytest.raises(IsADirectoryError, match=r": is a folder; expected a file \(tree\.taxonomy"):
        run_study(tmp_path / "run", config, Silent())
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("section", "name", "message"),
    [
        ("novelty", "near", r"novelty\.near: expected some of the unknown species \(lion\)"),
        ("tree", "taxonomy", r"taxonomy\.csv: has 0 of the 3 known species"),
    ],
)
def test_species_that_a_study_lacks_end_it_before_training(
    tiny_dataset, tmp_path, *, section, name, message
):
    config, values = tiny_config(), {"near": ("lyon",)}
    values["taxonomy"] = str(write_taxonomy(tmp_path / "taxonomy.csv", "species,genus\nlyon,P\n"))
    setattr(getattr(config, section), name, values[name])
    with pytest.raises(ValueError, match=message):
        run_study(tmp_path / "run", config, Silent(), dataset=tiny_dataset)
    assert not RunFolder(tmp_path / "run").has_network
    assert not (tmp_path / "run" / "train").exists()


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("novelty.near", ("lyon",), r"novelty\.near: expected some of the unknown species"),
        ("tree.taxonomy", "((nyala,oribi),kudu;", r"taxonomy\.txt: line 1, column 21"),
    ],
)
def test_what_cannot_be_used_costs_no_results(run_copy, tmp_path, name, value, message):
    stage, setting = name.split(".")
    if stage == "tree":
        value = str(write_taxonomy(tmp_path / "taxonomy.txt", value))
    config = tiny_config()
    setattr(getattr(config, stage), setting, value)
    before = {path: path.read_bytes() for path in (run_copy / stage).rglob("*") if path.is_file()}
    run = open_run(run_copy, RunFolder(run_copy).dataset, config)
    with pytest.raises(ValueError, match=message):
        run_stage(stage, run, config, Silent())
    assert {path: path.read_bytes() for path in before} == before
    assert not (run_copy / stage / "started.json").exists()
