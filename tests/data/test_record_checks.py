import os
import shutil

import pytest
from reference.damaged_records import damage_records

from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.data.record_checks import check_records
from camtrap_jax.data.resplit import image_groups, write_resplit
from camtrap_jax.run_folder import DatasetFolder


@pytest.fixture
def copy(dataset, tmp_path):
    return DatasetFolder(shutil.copytree(dataset.root, tmp_path / "dataset"))


def file_of_records(dataset):
    return next(dataset.records.glob("*.array_record*"))


def test_records_as_they_were_prepared(dataset, tmp_path):
    check_records(dataset)
    write_resplit(dataset, tmp_path / "other", image_groups(dataset), method="random", seed=5)
    check_records(DatasetFolder(tmp_path / "other"))


def test_a_record_with_flipped_bits_is_left_to_the_pass(copy):
    damage_records(copy.root, [0, 11])
    check_records(copy)


@pytest.fixture
def replaced(copy, pictures, config, tmp_path):
    """Returns a function that gives the copy the records of other pictures."""

    def replace(classes):
        pictures(tmp_path / "source", classes, first_seed=1000)
        prepare_dataset(tmp_path / "source", tmp_path / "other", config)
        shutil.rmtree(copy.records)
        shutil.copytree(tmp_path / "other" / "records", copy.records)
        return copy

    return replace


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        ({"lion": 9, "eland": 8, "oribi": 4, "empty": 3}, "record 0 is not that of "),
        ({"lion": 9, "eland": 8, "oribi": 4}, "there are 21, but 24 rows in manifest.csv"),
    ],
)
def test_records_of_another_dataset(classes, message, replaced):
    dataset = replaced(classes)
    with pytest.raises(ValueError, match=r"records: .*prepare --overwrite") as caught:
        check_records(dataset)
    assert "\n" not in str(caught.value)
    (dataset.root / "prepare.json").unlink()  # which has the sizes of files; small ones are padded
    with pytest.raises(ValueError, match=message):
        check_records(dataset)


@pytest.mark.parametrize(
    "change", [lambda path: path.unlink(), lambda path: os.truncate(path, 999)]
)
def test_a_file_that_is_gone_or_cut_off(change, copy):
    change(file_of_records(copy))
    with pytest.raises(ValueError, match=r"array_record\S* is not as `camtrap prepare` wrote it"):
        check_records(copy)
