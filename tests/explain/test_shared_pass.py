"""Several processes that share a pass: the bytes of one, whoever was killed before."""

import itertools
import random

import numpy as np
import pytest
from reference.threads_as_processes import KilledError, Team, patch_processes

from camtrap_jax.data.batches.loading import padded_parts
from camtrap_jax.explain import chunks, dataset, progress
from camtrap_jax.explain.dataset import write_explanations
from camtrap_jax.store import read_array, read_json

NUM_ROWS, BATCH, CHUNK = 54, 4, 8  # seven chunks, the last of six rows
DAMAGED = (3, 17, 50)


def explain(batch):
    row = batch["row"]
    return {
        "logits": np.stack([row, row**2], 1).astype(np.float32),
        "unit_cell": row[:, None].astype(np.int32) + np.arange(3, dtype=np.int32)[None],
    }


class Run:
    """A pass by several processes, which notes what happens and may be killed at any event."""

    def __init__(self, folder, monkeypatch, count, *, kill_at=None):
        self.team = Team(count)
        self.events = []
        self.progress = [[] for _ in range(count)]
        self._folder = folder
        self._kill_at = kill_at
        patch_processes(monkeypatch, self.team, dataset)
        monkeypatch.setattr(dataset, "CHUNK_ROWS", CHUNK)
        for module, name in ((progress, "write_json"), (chunks, "create_array")):
            monkeypatch.setattr(module, name, self._noted(name, getattr(module, name)))
        for name in ("_begun", "_awaited"):
            monkeypatch.setattr(chunks, name, self._noted(name, getattr(chunks, name)))

    def __call__(self):
        return self.team.run(self._process)

    def _process(self):
        own = self.progress[self.team.number]
        return write_explanations(
            self._folder,
            "images",
            num_rows=NUM_ROWS,
            batch_size=BATCH,
            batches_of=self._batches_of,
            explain=self._noted("explain", explain),
            on_progress=lambda done, total: own.append((done, total)),
        )

    def _batches_of(self, rows):
        for part in padded_parts(rows, BATCH):
            yield {"row": part, "reason": np.where(np.isin(part, DAMAGED), "damaged", "")}

    def _noted(self, name, function):
        def noted(*args, **settings):
            self.team.check_alive()
            what = args[0]["row"].tolist() if name == "explain" else None
            self.events.append((self.team.number, name, what))
            if len(self.events) - 1 == self._kill_at:
                self.team.kill()
                raise KilledError
            return function(*args, **settings)

        return noted


@pytest.fixture
def start(tmp_path):
    """Returns a function that carries a pass out in tmp_path and returns the `Run`."""

    def started(count, **settings):
        with pytest.MonkeyPatch.context() as patch:
            run = Run(tmp_path / "explain", patch, count, **settings)
            run.results = run()
        return run

    return started


def stored_bytes(folder):
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """The files that a single process leaves."""
    folder = tmp_path_factory.mktemp("alone")
    with pytest.MonkeyPatch.context() as patch:
        Run(folder, patch, 1)()
    return stored_bytes(folder)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
def test_any_number_of_processes_leaves_the_files_of_one(count, start, tmp_path, alone):
    run = start(count)
    assert stored_bytes(tmp_path / "explain") == alone
    assert run.results == [dict.fromkeys(DAMAGED, "damaged")] * count
    expected = explain({"row": np.arange(NUM_ROWS)})
    for name, values in expected.items():
        values[list(DAMAGED)] = -1 if name == "unit_cell" else np.nan
        np.testing.assert_array_equal(read_array(tmp_path / "explain" / f"{name}.zarr"), values)
    notes = read_json(tmp_path / "explain" / ".images.json")
    assert notes["chunks"] == [[0, 7]]
    assert notes["failures"] == {"3": "damaged", "17": "damaged", "50": "damaged"}


@pytest.mark.parametrize("count", [1, 2, 3, 5, 9])
def test_every_batch_is_computed_once_and_is_one_of_a_single_process(count, start):
    run = start(count)
    found = sorted(what for _, name, what in run.events if name == "explain")
    assert found == sorted(part.tolist() for part in padded_parts(np.arange(NUM_ROWS), BATCH))
    writers = [number for number, name, _ in run.events if name == "_begun"]
    shares = [writers.count(number) for number in range(count)]
    assert sum(shares) == 7
    assert max(shares) - min(shares) <= 1  # of nine processes, two have none


@pytest.mark.parametrize("count", [2, 3])
def test_progress_ends_with_all_rows_in_each_process(count, start):
    for seen in start(count).progress:
        assert seen[-1] == (NUM_ROWS, NUM_ROWS)
        assert seen == sorted(seen)


@pytest.mark.parametrize("counts", [(1, 2), (2, 1), (2, 3), (3, 2), (3, 3), (9, 2)])
def test_killed_at_any_moment_other_processes_leave_the_same_files(counts, start, tmp_path, alone):
    first, second = counts
    for moment in itertools.count():
        folder = tmp_path / "explain"
        try:
            start(first, kill_at=moment)
        except KilledError:
            run = start(second)
        else:
            break  # it ended before that moment
        assert stored_bytes(folder) == alone, moment
        redone = sum(name == "_begun" for _, name, _ in run.events)
        assert redone <= 7
        for path in sorted(folder.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
    assert moment > 30


@pytest.mark.parametrize("seed", range(10))
def test_killed_again_and_again_in_other_numbers(seed, start, tmp_path, alone):
    draw = random.Random(seed)
    for _ in range(6):
        try:
            start(draw.randint(1, 4), kill_at=draw.randint(0, 40))
        except KilledError:
            continue
        break
    start(draw.randint(1, 4))
    assert stored_bytes(tmp_path / "explain") == alone


def test_what_any_process_has_finished_is_not_done_again(start, tmp_path):
    with pytest.raises(KilledError):
        start(3, kill_at=33)
    own = [read_json(path) for path in (tmp_path / "explain").glob(".images.?.json")]
    done = sum(stop - start for notes in own for start, stop in notes["chunks"])
    assert len(own) > 1
    run = start(2)
    assert sum(name == "_begun" for _, name, _ in run.events) == 7 - done
