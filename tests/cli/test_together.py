"""Several processes that train one network: the same results, one set of files, one end."""

import json
import shutil
import signal
import time
from collections import Counter

import numpy as np
import pytest
import safetensors.numpy
from reference.joint_processes import (
    WATCHED,
    finish,
    kill,
    run_together,
    said,
    start_together,
    wait_until,
)

from camtrap_jax.data.batches.order import shuffled_rows
from camtrap_jax.data.batches.pipeline import train_rows
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json
from camtrap_jax.study.stages import STAGES

# What one process and several write alike, byte for byte.
SAME = ("config.json", "train/stage.json")
TRAINED = ("weights.safetensors", "train/metrics.jsonl", *SAME)


@pytest.fixture
def logs(tmp_path):
    return [tmp_path / f"process{number}.log" for number in range(2)]


@pytest.fixture
def words(config_file, tiny_dataset, tmp_path):
    """The command line of a training in tmp_path/run."""
    return ["train", config_file, f"--dataset={tiny_dataset}", f"--workdir={tmp_path / 'run'}"]


def files_of_training(root):
    names = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    return sorted(name for name in names if name in TRAINED or name.startswith("train/"))


def lines_of(root):
    log = root / "train" / "metrics.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def assert_close_runs(root, other):
    ours, theirs = (
        safetensors.numpy.load_file(one / "weights.safetensors") for one in (root, other)
    )
    assert set(ours) == set(theirs)
    for name, value in ours.items():
        np.testing.assert_allclose(value, theirs[name], rtol=1e-5, atol=1e-5, err_msg=name)
    for line, expected in zip(lines_of(root), lines_of(other), strict=True):
        assert line == pytest.approx(expected, rel=1e-5, abs=2e-6)  # six digits are written


def assert_same_runs(root, other):
    for name in TRAINED:
        assert (root / name).read_bytes() == (other / name).read_bytes(), name


def decoded(log, kind):
    """Returns the rows of each batch that a process decoded."""
    lines = [line.split() for line in log.with_suffix(".rows").read_text().splitlines()]
    return Counter(tuple(map(int, line[1:])) for line in lines if line[0] == kind)


def train_share(rows, number, num_steps):
    """Returns one of two processes' share of the batches of eight."""
    return Counter(
        tuple(shuffled_rows(rows, seed=0, start=8 * step + 4 * number, count=4).tolist())
        for step in range(num_steps)
    )


def test_two_processes_train_as_one_and_each_reads_its_own_share(words, tiny_run, tmp_path, logs):
    root = tmp_path / "run"
    assert run_together(words, logs, program=WATCHED) == [0, 0]
    assert_close_runs(root, tiny_run)  # which trained on four devices of one process
    assert files_of_training(root) == files_of_training(tiny_run)
    for name in SAME:
        assert (root / name).read_bytes() == (tiny_run / name).read_bytes(), name
    assert "train: done" in said(logs[0])[-1]
    assert said(logs[1]) == []

    dataset = DatasetFolder(tiny_run / "dataset")
    num_steps = lines_of(root)[-1]["step"]
    for number, log in enumerate(logs):
        found = decoded(log, "train")
        assert train_share(train_rows(dataset), number, num_steps) <= found
        assert found <= train_share(train_rows(dataset), number, num_steps + 20)  # read ahead
    val_rows = np.flatnonzero(dataset.manifest["split"] == "val").tolist()
    assert len(val_rows) % 8 != 0  # so that one process gets padding
    seen = [decoded(log, "val") for log in logs]
    counts = Counter(row for batches in seen for batch in batches.elements() for row in batch)
    assert {row: count for row, count in counts.items() if row >= 0} == dict.fromkeys(val_rows, 3)
    assert seen[0].total() == seen[1].total()


@pytest.fixture(scope="session")
def undisturbed(config_file, tiny_dataset, tmp_path_factory):
    """A training by one process on two devices."""
    folder = tmp_path_factory.mktemp("undisturbed")
    words = ["train", config_file, f"--dataset={tiny_dataset}", f"--workdir={folder / 'run'}"]
    assert run_together(words, [folder / "log"], num_devices=2) == [0]
    return folder / "run"


@pytest.mark.slow
def test_two_processes_of_a_device_are_one_of_two_bit_for_bit(words, undisturbed, tmp_path, logs):
    assert run_together(words, logs) == [0, 0]
    assert_same_runs(tmp_path / "run", undisturbed)
    facts = [read_json(root / "provenance.json") for root in (tmp_path / "run", undisturbed)]
    assert [set(one) for one in facts] == [set(facts[0])] * 2
    assert facts[0]["dataset_sha256"] == facts[1]["dataset_sha256"]
    assert "--process_id=0" in facts[0]["command"]  # the first process writes them


@pytest.mark.slow
@pytest.mark.parametrize("counts", [(2, 2), (1, 2), (2, 1)])
def test_a_killed_training_goes_on_in_as_many_processes_as_there_are(
    words, undisturbed, tmp_path, logs, counts
):
    root = tmp_path / "run"
    for count, num_lines in zip((counts[0], *counts), (3, 8, None), strict=True):
        settings = {"num_devices": 2 // count}
        if num_lines is None:
            assert run_together(words, logs[:count], **settings) == [0] * count
            break
        processes = start_together(words, logs[:count], **settings)
        wait_until(processes, lambda n=num_lines: len(lines_of(root)) >= n)
        kill(processes)
    assert "continuing after step" in logs[0].read_text()
    assert_same_runs(root, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_one_process_asked_to_stop_stops_all_after_the_same_step_and_loses_none(
    words, undisturbed, tmp_path, logs, number
):
    root = tmp_path / "run"
    processes = start_together(words, logs)
    wait_until(processes, lambda: len(lines_of(root)) >= 2)
    processes[number].send_signal(signal.SIGTERM)
    assert finish(processes) == [128 + signal.SIGTERM] * 2, [log.read_text() for log in logs]
    step = lines_of(root)[-1]["step"]
    assert f"stopped by SIGTERM after step {step}, which is saved" in logs[0].read_text()
    assert (root / "checkpoints" / str(step)).exists()
    assert not (root / "weights.safetensors").exists()
    assert run_together(words, logs) == [0, 0]
    assert_same_runs(root, undisturbed)


@pytest.mark.slow
def test_a_study_trains_and_explains_in_all_processes_and_does_the_rest_in_the_first(
    config_file, tiny_source, undisturbed, tmp_path, logs
):
    root = tmp_path / "run"
    words = ["study", config_file, f"--workdir={root}", f"--source={tiny_source}"]
    assert run_together(words, logs, program=WATCHED, CHUNK_ROWS="16") == [0, 0]
    assert_close_runs(root, undisturbed)
    assert (root / "report" / "index.html").exists()
    assert said(logs[1]) == []
    # Of validation a process reads its share of each batch of 8, of `explain` whole batches of 16.
    explained = [[batch for batch in decoded(log, "val") if len(batch) == 16] for log in logs]
    assert [len(batches) for batches in explained] == [3, 1]  # two, and that of the gallery
    assert {len(batch) for batch in decoded(logs[1], "val")} == {4, 16}
    assert run_together(words, logs[:1], num_devices=3) == [0]
    up_to_date = [line for line in said(logs[0]) if line.endswith("up to date")]
    assert up_to_date == [f"{name}: up to date" for name in STAGES]


@pytest.mark.slow
def test_starting_afresh_deletes_once_and_trains_anew(words, undisturbed, tmp_path, logs):
    root = shutil.copytree(undisturbed, tmp_path / "run")
    (root / "notes.txt").write_text("mine")
    before = (root / "weights.safetensors").stat().st_mtime_ns
    assert run_together([*words, "--overwrite"], logs) == [0, 0]
    assert (root / "weights.safetensors").stat().st_mtime_ns != before
    assert (root / "notes.txt").exists()
    assert_same_runs(root, undisturbed)


def assert_same_end(logs, codes, *parts):
    """All processes end with code 1 and one line, of which one has to do with the failed one."""
    assert codes == [1, 1], [log.read_text() for log in logs]
    for log in logs:
        lines = [line for line in said(log) if line.startswith("camtrap ")]
        assert len(lines) == 1, log.read_text()
        assert said(log)[-1] == lines[0]
        for part in parts:
            assert part in lines[0]


@pytest.mark.slow
def test_processes_with_other_settings_are_refused_and_nothing_is_written(words, tmp_path, logs):
    codes = run_together(words, logs, extra=([], ["--config.train.epochs=4", "--overwrite"]))
    parts = ("process 1 was started with other settings", "train.epochs: 3 -> 4", "flags.overwrite")
    assert_same_end(logs, codes, *parts)
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_dataset_that_one_host_lacks_ends_all_and_deletes_nothing(
    undisturbed, tiny_dataset, config_file, tmp_path, logs
):
    root = shutil.copytree(undisturbed, tmp_path / "run")
    words = ["train", config_file, "--dataset=dataset", f"--workdir={root}", "--overwrite"]
    codes = run_together(words, logs, cwds=(tiny_dataset.parent, tmp_path))
    assert_same_end(logs, codes, "dataset: no such file or folder")
    assert "(process 1)" in said(logs[0])[-1]
    assert_same_runs(root, undisturbed)


@pytest.mark.slow
def test_another_dataset_of_the_same_name_is_refused(tiny_dataset, config_file, tmp_path, logs):
    other = shutil.copytree(tiny_dataset, tmp_path / "dataset")
    (other / "prepare.json").unlink()  # which has the manifest's hash
    manifest = other / "manifest.csv"
    manifest.write_text(manifest.read_text().replace("C0", "C7", 1))
    words = ["train", config_file, "--dataset=dataset", f"--workdir={tmp_path / 'run'}"]
    codes = run_together(words, logs, cwds=(tiny_dataset.parent, tmp_path))
    assert_same_end(logs, codes, "sees another dataset there")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_folder_of_other_settings_is_refused_by_all(words, undisturbed, tmp_path, logs):
    shutil.copytree(undisturbed, tmp_path / "run")
    codes = run_together([*words, "--config.train.epochs=4"], logs)
    assert_same_end(logs, codes, "was made with other settings", "train.epochs: 3 -> 4")
    assert_same_runs(tmp_path / "run", undisturbed)


@pytest.mark.slow
def test_a_batch_that_the_devices_of_all_processes_cannot_share(words, logs):
    codes = run_together([*words, "--config.train.batch_size=12"], logs, num_devices=4)
    assert_same_end(logs, codes, "multiple of the 8 devices", "--config.train.batch_size=16")


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_a_process_that_fails_in_training_ends_the_other_at_once(
    words, undisturbed, tmp_path, logs, number
):
    start = time.monotonic()
    codes = run_together(words, logs, program=WATCHED, FAILS=str(number))
    assert time.monotonic() - start < 90
    assert_same_end(logs, codes, "row 7 of the records is damaged")
    assert f"(process {number})" in said(logs[1 - number])[-1]
    assert run_together(words, logs) == [0, 0]
    assert_same_runs(tmp_path / "run", undisturbed)


@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_other(words, tmp_path, logs):
    processes = start_together(words, logs)
    wait_until(processes, lambda: len(lines_of(tmp_path / "run")) >= 3)
    kill(processes[1:])
    start = time.monotonic()
    assert finish(processes)[0] == 1
    assert time.monotonic() - start < 30
    assert "another process is gone" in said(logs[0])[-1]


@pytest.mark.slow
def test_a_process_that_nobody_joins_ends_with_a_line(words, logs):
    processes = start_together(words, logs, program=WATCHED, ARRIVAL_SEC="8")
    processes[1].kill()
    assert finish(processes)[0] == 1
    assert "not all processes have come within 8 s" in said(logs[0])[-1]
