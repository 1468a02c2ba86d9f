import shutil

import numpy as np
import pytest
from reference.tiny_study import SPECIES, tiny_config

from camtrap_jax.run_folder import DatasetFolder, RunFolder


def test_the_index_has_the_manifest_s_columns_in_the_order_of_the_arrays(tiny_run):
    run = RunFolder(tiny_run)
    assert run.index["row"].tolist() == list(range(sum(SPECIES.values())))
    manifest = run.dataset.manifest.set_index("image_id")
    for name in ("species", "split", "filepath", "camera", "sha256"):
        expected = manifest.loc[run.index["image_id"], name]
        assert run.index[name].tolist() == expected.tolist(), name
    assert len(run.array("logits")) == len(run.index)


def test_single_rows_are_those_of_the_whole_array_in_the_order_asked(tiny_run):
    run = RunFolder(tiny_run)
    rows = np.array([5, 0, 30, 5])
    np.testing.assert_array_equal(run.rows("features", rows), run.array("features")[rows])


def test_settings_come_back_as_they_were(tiny_run):
    assert RunFolder(tiny_run).config == tiny_config()


def test_a_run_can_be_moved_when_the_dataset_is_inside(tiny_run, tmp_path):
    moved = RunFolder(shutil.copytree(tiny_run, tmp_path / "elsewhere"))
    assert moved.dataset.root.resolve() == (tmp_path / "elsewhere" / "dataset").resolve()
    assert moved.dataset.classes == ["kudu", "nyala", "oribi"]
    assert moved.dataset.unknown == ["lion"]


def test_known_species_come_in_the_order_of_their_labels(tiny_dataset):
    dataset = DatasetFolder(tiny_dataset)
    assert dataset.classes == ["kudu", "nyala", "oribi"]


@pytest.mark.parametrize("name", ["config", "provenance", "dataset"])
def test_a_folder_without_a_run_names_the_command_that_makes_one(tmp_path, name):
    with pytest.raises(FileNotFoundError, match=r"camtrap train"):
        getattr(RunFolder(tmp_path), name)


def test_a_folder_without_a_dataset_names_the_command_that_makes_one(tmp_path):
    for name in ("manifest", "classes", "digest"):
        with pytest.raises(FileNotFoundError, match=r"camtrap prepare"):
            getattr(DatasetFolder(tmp_path), name)
    assert not list(tmp_path.iterdir())
