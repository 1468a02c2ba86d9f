"""Several processes that train one network: the same results, one set of files, one end."""

import json

import numpy as np
import pytest
from reference.joint_processes import RECORDING, finish, said, start_together
from reference.tiny_study import tiny_config

from camtrap_jax.data.batches.pipeline import make_train_batches
from camtrap_jax.run_folder import DatasetFolder, RunFolder

TRAINED = ("weights.safetensors", "train/metrics.jsonl", "config.json", "train/stage.json")


@pytest.fixture
def logs(tmp_path):
    return [tmp_path / f"process{number}.log" for number in range(2)]


def train_words(config_file, dataset, root, *words):
    return ["train", config_file, f"--dataset={dataset}", f"--workdir={root}", *words]


def files(root):
    """Files of a training, without those of later stages and the dataset."""
    names = (path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())
    ours = ("train/", "checkpoints/", "weights", "config", "provenance")
    return sorted(name for name in names if name.startswith(ours))


def rows_decoded(log, kind):
    lines = log.with_suffix(".rows").read_text().splitlines()
    return [np.array(line.split()[1:], int) for line in lines if line.startswith(kind)]


def test_two_processes_train_as_one_and_each_reads_its_own_share(
    config_file, tiny_dataset, tiny_run, tmp_path, logs
):
    """Two of two devices each, against the study, which trained on four: bit for bit."""
    root = tmp_path / "run"
    words = train_words(config_file, tiny_dataset, root)
    assert finish(start_together(words, logs, num_devices=2, program=RECORDING)) == [0, 0]
    for name in TRAINED:
        assert (root / name).read_bytes() == (tiny_run / name).read_bytes(), name
    assert [name for name in files(root) if "checkpoints" not in name] == [
        name for name in files(tiny_run) if "checkpoints" not in name
    ]
    assert said(logs[1]) == []
    assert "train: done" in said(logs[0])[-1]


def debug(root, dataset, logs):
    del root
    for number, log in enumerate(logs):
        print(number, len(rows_decoded(log, "train")), rows_decoded(log, "val"))
        print(DatasetFolder, RunFolder, json, tiny_config, make_train_batches, dataset)
