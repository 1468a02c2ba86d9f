"""What a run's `provenance.json` tells, and when it is written."""

import hashlib

import pytest
from reference.tiny_study import tiny_config

from camtrap_jax.mesh import describe_devices
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json
from camtrap_jax.study.opening import open_run


def opened(root, dataset, start=""):
    config = tiny_config()
    config.model.init_from = str(start)
    return open_run(root, DatasetFolder(dataset), config).provenance


def test_a_run_tells_data_devices_software_and_command(tiny_run):
    facts = read_json(tiny_run / "provenance.json")
    assert facts["dataset"] == "dataset"
    assert facts["dataset_sha256"] == DatasetFolder(tiny_run / "dataset").digest
    assert facts["devices"] == describe_devices()
    assert facts["init_from_sha256"] is None
    assert {"command", "commit", "versions", "python", "environment"} <= set(facts)


def test_the_weights_that_it_starts_from_are_told_by_their_content(tiny_dataset, tmp_path):
    start = tmp_path / "start.npz"
    start.write_bytes(b"weights")
    facts = opened(tmp_path / "run", tiny_dataset, start)
    assert facts["init_from_sha256"] == hashlib.sha256(b"weights").hexdigest()


def test_what_was_told_changes_until_something_is_trained_and_then_stays(tiny_dataset, tmp_path):
    root, start = tmp_path / "run", tmp_path / "start.npz"
    start.write_bytes(b"weights")
    opened(root, tiny_dataset, start)
    start.write_bytes(b"other weights")
    facts = opened(root, tiny_dataset, start)
    assert facts["init_from_sha256"] == hashlib.sha256(b"other weights").hexdigest()
    (root / "weights.safetensors").touch()
    start.unlink()
    assert opened(root, tiny_dataset, start) == facts


def test_weights_that_are_not_there_are_refused_before_anything_is_written(tiny_dataset, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"not_there\.npz"):
        opened(tmp_path / "run", tiny_dataset, tmp_path / "not_there.npz")
    assert not (tmp_path / "run").exists()
