"""Several processes that explain one run: the bytes of a single process, however it went."""

import shutil
import signal
import time

import pytest
from reference.damaged_records import damage_records
from reference.joint_processes import (
    WATCHED,
    finish,
    kill,
    run_together,
    said,
    start_together,
    wait_until,
)

from camtrap_jax.store import read_json, read_table

SETTINGS = {"program": WATCHED, "CHUNK_ROWS": "16"}
# Without a cache of compiled programs oneDNN convolves where a process has one device.
BY_ONEDNN = {**SETTINGS, "JAX_COMPILATION_CACHE_DIR": "", "ONEDNN_VERBOSE": "1"}


@pytest.fixture
def logs(tmp_path):
    return [tmp_path / f"process{number}.log" for number in range(3)]


def copy_of(run, folder):
    """Copies a run of which nothing is explained yet, one image damaged."""
    root = shutil.copytree(run, folder)
    shutil.rmtree(root / "explain")
    damage_records(root / "dataset", [20])
    return root


@pytest.fixture(scope="session")
def alone(tiny_run, tmp_path_factory):
    """A run that one process with one device explained."""
    root = copy_of(tiny_run, tmp_path_factory.mktemp("alone") / "run")
    log = root.parent / "log"
    assert run_together(["explain", f"--workdir={root}"], [log], **SETTINGS) == [0], log.read_text()
    return root


@pytest.fixture
def root(tiny_run, tmp_path):
    return copy_of(tiny_run, tmp_path / "run")


def files_of(root):
    paths = [path for path in (root / "explain").rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def assert_same_files(root, other):
    found, expected = files_of(root), files_of(other)
    assert set(found) == set(expected)
    assert [name for name in expected if found[name] != expected[name]] == []


def rows_of(log):
    """Returns the rows of the manifest that a process decoded, batch by batch."""
    lines = log.with_suffix(".rows").read_text().splitlines()
    return [[int(row) for row in line.split()[1:]] for line in lines]


def test_two_processes_leave_the_bytes_of_one(root, alone, logs):
    assert run_together(["explain", f"--workdir={root}"], logs[:2], **SETTINGS) == [0, 0]
    assert_same_files(root, alone)
    [failure] = read_table(root / "explain" / "failures.csv").to_dict("records")
    assert failure["reason"].startswith("Corrupted")
    assert read_json(root / "explain" / ".images.json")["chunks"] == [[0, 3]]
    first, second = (rows_of(log) for log in logs[:2])
    assert len(first) == 3  # two, and that of the gallery
    assert all([*range(start, start + 16)] in first for start in (0, 16))
    assert second == [[*range(32, 44), -1, -1, -1, -1]]
    assert said(logs[1]) == []
    lines = [line for line in said(logs[0]) if line.startswith("explain: ")]
    assert lines[0] == "explain: 1 images cannot be read, see failures.csv"
    assert lines[-1] == f"explain: done, {root / 'explain'}"


@pytest.mark.slow
def test_two_processes_leave_the_bytes_of_one_by_onednn(root, tiny_run, tmp_path, logs):
    """Which convolves for a process's own device, whatever devices the others have."""
    other = copy_of(tiny_run, tmp_path / "other")
    assert run_together(["explain", f"--workdir={root}"], logs[:2], **BY_ONEDNN) == [0, 0]
    assert run_together(["explain", f"--workdir={other}"], logs[2:], **BY_ONEDNN) == [0]
    for log in logs:
        assert "exec,cpu,convolution" in log.read_text()
    assert_same_files(root, other)


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_a_process_that_is_killed_ends_the_other(number, root, alone, logs):
    words = ["explain", f"--workdir={root}"]
    processes = start_together(words, logs[:2], **SETTINGS)
    wait_until(processes, (root / "explain" / "index.csv").exists)
    kill([processes[number]])
    start = time.monotonic()
    assert all(finish(processes))
    assert time.monotonic() - start < 150  # where nothing is computed together JAX waits 100 s
    assert run_together(words, logs[:1], **SETTINGS) == [0]
    assert_same_files(root, alone)


def has_begun(root):
    """Tells whether some process has noted a chunk, but not all are done."""
    return any((root / "explain").glob(".images.?.json"))


@pytest.mark.slow
@pytest.mark.parametrize("counts", [(2, 1), (1, 2), (3, 2), (2, 3)])
def test_killed_at_any_moment_other_processes_leave_the_same_bytes(counts, root, alone, logs):
    words = ["explain", f"--workdir={root}"]
    moments = ((root / "explain" / "started.json").exists, lambda: has_begun(root))
    for is_time in moments:
        processes = start_together(words, logs[: counts[0]], **SETTINGS)
        wait_until(processes, is_time)
        kill(processes)
        assert not (root / "explain" / "stage.json").exists()
    assert run_together(words, logs[: counts[1]], **SETTINGS) == [0] * counts[1]
    assert_same_files(root, alone)


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 2])
def test_a_second_run_on_a_folder_is_refused_and_disturbs_nothing(count, root, alone, logs):
    words = ["explain", f"--workdir={root}"]
    processes = start_together(words, logs[:1], **SETTINGS)
    wait_until(processes, (root / "explain" / "started.json").exists)
    others = [log.with_name(f"other{number}.log") for number, log in enumerate(logs[:count])]
    processes[0].send_signal(signal.SIGSTOP)  # so that it cannot end before the others come
    try:
        for afresh in ([], ["--overwrite"]):
            assert run_together([*words, *afresh], others, **SETTINGS) == [1] * count
            for log in others:
                message = f"camtrap explain: {root / 'explain'}: another process is writing to it"
                assert said(log)[-1].startswith(message)
    finally:
        processes[0].send_signal(signal.SIGCONT)
    assert finish(processes) == [0]
    assert_same_files(root, alone)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "part"),
    [("--images=all", "flags.images"), ("--maps=grad_cam", "flags.maps")],
)
def test_processes_of_other_flags_are_refused(words, part, root, logs):
    extra = ([], [words])
    codes = run_together(["explain", f"--workdir={root}"], logs[:2], extra=extra, **SETTINGS)
    assert codes == [1, 1]
    for log in logs[:2]:
        assert part in said(log)[-1]
    assert not (root / "explain").exists()


@pytest.mark.slow
@pytest.mark.parametrize("number", [0, 1])
def test_a_process_that_fails_ends_the_other_at_once(number, root, alone, logs):
    words = ["explain", f"--workdir={root}"]
    codes = run_together(words, logs[:2], **{**SETTINGS, "FAILS": str(number), "AFTER": "0"})
    assert codes == [1, 1]
    for log in logs[:2]:
        assert "row 7 of the records is damaged" in said(log)[-1]
    assert run_together(words, logs[:2], **SETTINGS) == [0, 0]
    assert_same_files(root, alone)
