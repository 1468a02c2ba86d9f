"""Images that can no longer be read: a row of failures, and none of anything else."""

import re
import shutil

import numpy as np
import pytest
import safetensors.numpy
from reference.damaged_records import damage_records

from camtrap_jax.data.records import RecordSource, write_records
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import create_array, read_array, read_json, read_table, write_table
from camtrap_jax.study.console import Silent
from camtrap_jax.study.explanation import explain_run
from camtrap_jax.study.stages import STAGES, run_stage

WHOLE = ("logits", "features", "unit_max", "unit_mean", "unit_cell", "grad_cam")
GUIDED = ("guided_backprop", "guided_grad_cam")
ANALYSES = [name for name in STAGES if name not in ("train", "explain")]

NOTE = re.compile(rb" Of what was prepared,.*?makes the dataset anew\.")


def copy_of(run, folder):
    root = shutil.copytree(run, folder)
    shutil.rmtree(root / "explain")
    return RunFolder(root)


def rows_to_damage(run):
    """Returns a row of the manifest of each split."""
    splits = run.dataset.manifest["split"]
    return [int(np.flatnonzero(splits == name)[1]) for name in ("train", "val", "test", "unknown")]


@pytest.fixture(scope="module")
def damaged(tiny_run, tmp_path_factory):
    """A run of which an image of each split is damaged, with guided maps of all images."""
    run = copy_of(tiny_run, tmp_path_factory.mktemp("damaged") / "run")
    damage_records(run.dataset.root, rows_to_damage(run))
    config = run.config
    config.explain.images = "all"
    run_stage("explain", run, config, Silent())
    return RunFolder(run.root), config


@pytest.fixture(scope="module")
def without(damaged, tmp_path_factory):
    """The same without the rows of those images: what a run would be that never had them."""
    run, config = damaged
    root = shutil.copytree(run.root, tmp_path_factory.mktemp("without") / "run")
    folder = root / "explain"
    lost = read_table(folder / "failures.csv")["image_id"]
    index = read_table(folder / "index.csv")
    kept = np.flatnonzero(~index["image_id"].isin(lost))
    for name in ("index.csv", "maps_index.csv"):
        table = read_table(folder / name).iloc[kept]
        write_table(folder / name, table.assign(row=np.arange(len(kept))))
    for path in folder.glob("*.zarr"):
        values = read_array(path)[kept]
        create_array(path, values.shape, values.dtype, rows_per_chunk=16)[...] = values
    (folder / "failures.csv").unlink()
    return RunFolder(root), config


def test_each_is_a_row_of_failures_and_of_nan(damaged, tiny_run):
    run, _ = damaged
    folder, whole = run.root / "explain", RunFolder(tiny_run)
    rows = rows_to_damage(run)  # all images of the tiny study are explained
    failures = read_table(folder / "failures.csv")
    manifest = run.dataset.manifest.iloc[sorted(rows)]
    assert list(failures.columns) == ["image_id", "filepath", "reason"]
    for name in ("image_id", "filepath"):
        assert failures[name].tolist() == manifest[name].tolist()
    assert failures["reason"].str.startswith("Corrupted Riegeli/records file").all()
    assert read_table(folder / "index.csv")["image_id"].tolist() == whole.index["image_id"].tolist()
    kept = np.setdiff1d(np.arange(len(whole.index)), rows)
    for name in (*WHOLE, *GUIDED):
        values = read_array(folder / f"{name}.zarr")
        lost = values[rows]
        assert (lost == -1).all() if name == "unit_cell" else np.isnan(lost).all()
        assert not np.isnan(values[kept]).any()
        if name in WHOLE:
            np.testing.assert_array_equal(values[kept], whole.array(name)[kept], err_msg=name)
    targets = read_table(folder / "maps_index.csv")["target"].to_numpy()
    assert (targets[rows] == "").all()
    assert (targets[kept] != "").all()
    facts = read_json(folder / "explain.json")
    assert (facts["images"], facts["failures"]) == (len(kept), len(rows))


def test_no_stage_counts_them(damaged, without):
    """Every result has the bytes of a run that never had them, but for a note in the report."""
    for name in ANALYSES:
        for run, config in (damaged, without):
            run_stage(name, run, config, Silent(), afresh=True)
        roots = [run.root / name for run, _ in (damaged, without)]
        assert results(roots[0]) == results(roots[1])
    html = (damaged[0].root / "report" / "index.html").read_text()
    assert "records were found damaged" in html
    for image_id in read_table(damaged[0].root / "explain" / "failures.csv")["image_id"]:
        assert image_id not in html


def results(folder):
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder): NOTE.sub(b"", path.read_bytes()) for path in paths}


def test_arrays_and_single_rows_are_those_of_the_index(damaged, without):
    run, other = damaged[0], without[0]
    assert run.index.equals(other.index)
    assert run.maps_index.equals(other.maps_index)
    rows = np.array([7, 0, 30])
    for name in (*WHOLE, *GUIDED):
        np.testing.assert_array_equal(run.array(name), other.array(name))
        np.testing.assert_array_equal(run.rows(name, rows), other.array(name)[rows])


def test_the_gallery_is_drawn_from_what_can_be_read(tiny_run, tmp_path):
    run = copy_of(tiny_run, tmp_path / "run")
    shown = RunFolder(tiny_run).maps_index["image_id"]
    position = np.flatnonzero(run.dataset.manifest["image_id"] == shown[0])
    damage_records(run.dataset.root, position)
    explain_run(run, run.config, Silent())
    run = RunFolder(run.root)
    maps = run.maps_index
    assert shown[0] not in maps["image_id"].tolist()
    assert len(maps) == len(run.array("guided_backprop")) < len(run.index)
    assert not np.isnan(run.array("guided_backprop")).any()
    assert maps["row"].tolist() == list(range(len(maps)))


def test_a_dataset_of_which_nothing_can_be_read_is_one_error(tiny_run, tmp_path):
    run = copy_of(tiny_run, tmp_path / "run")
    damage_records(run.dataset.root, range(44))
    with pytest.raises(ValueError, match=r"records: no record can be read \(Corrupted.*prepare"):
        run_stage("explain", run, run.config, Silent())
    assert not (run.root / "explain" / "stage.json").exists()


def test_records_of_other_images_are_one_error(tiny_run, tmp_path):
    run = copy_of(tiny_run, tmp_path / "run")
    folder = run.dataset.records
    jpegs = [RecordSource(folder)[row]["image"] for row in range(44)]
    shutil.rmtree(folder)
    write_records(folder, jpegs[::-1], np.zeros(44))
    with pytest.raises(ValueError, match=r"records: record 0 is not that of .*, as manifest"):
        run_stage("explain", run, run.config, Silent())


def test_weights_of_another_network_are_one_error(tiny_run, tmp_path):
    run = copy_of(tiny_run, tmp_path / "run")
    path = run.root / "weights.safetensors"
    tensors = safetensors.numpy.load_file(path)
    tensors["features.0.weight"] = tensors["features.0.weight"][:1].copy()
    safetensors.numpy.save_file(tensors, path)
    with pytest.raises(ValueError, match=r"weights\.safetensors: features\.0\.weight has shape"):
        run_stage("explain", run, run.config, Silent())
