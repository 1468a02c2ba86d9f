"""The stored pass: rows in order, and a restart anywhere leaves the same bytes."""

import numpy as np
import pytest

from camtrap_jax.explain import dataset
from camtrap_jax.explain.dataset import write_explanations
from camtrap_jax.store import read_array, read_json

NUM_ROWS, BATCH = 22, 4
CHUNK = 8  # rows of a chunk: two batches


class KilledError(Exception):
    """Stands for the end of the process."""


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(dataset, "CHUNK_ROWS", CHUNK + 1)  # rounded down to whole batches


def batches_from(start, *, num_rows=NUM_ROWS, batch=BATCH):
    """Yields the numbers of the rows; the last batch is padded with -1."""
    for first in range(start, num_rows, batch):
        rows = np.arange(first, first + batch)
        yield {"row": np.where(rows < num_rows, rows, -1)}


def explain(batch):
    row = batch["row"]
    return {
        "logits": np.stack([row, row**2], 1).astype(np.float32),
        "unit_cell": row[:, None].astype(np.int32) + np.arange(3, dtype=np.int32)[None],
        "grad_cam": np.sin(row)[:, None, None].astype(np.float16) * np.ones((1, 2, 3), np.float16),
    }


def run(folder, **changes):
    settings = {
        "num_rows": NUM_ROWS,
        "batch_size": BATCH,
        "batches_from": batches_from,
        "explain": explain,
    }
    write_explanations(folder, "images", **(settings | changes))


def stored_bytes(folder):
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "CHUNK_ROWS", CHUNK + 1)
        run(folder)
    return stored_bytes(folder)


@pytest.mark.parametrize("num_rows", [1, 3, 4, 5, 8, 9, 16, 22])
def test_every_row_is_stored_in_its_place_and_padding_is_cut(num_rows, tmp_path):
    run(tmp_path, num_rows=num_rows, batches_from=lambda s: batches_from(s, num_rows=num_rows))
    expected = explain({"row": np.arange(num_rows)})
    for name, values in expected.items():
        stored = read_array(tmp_path / f"{name}.zarr")
        np.testing.assert_array_equal(stored, values, err_msg=name, strict=True)


@pytest.mark.parametrize("batch", [1, 3, 4, 30])
def test_the_size_of_a_batch_changes_no_number(batch, tmp_path):
    run(tmp_path, batch_size=batch, batches_from=lambda s: batches_from(s, batch=batch))
    for name, values in explain({"row": np.arange(NUM_ROWS)}).items():
        np.testing.assert_array_equal(read_array(tmp_path / f"{name}.zarr"), values)


NUM_BATCHES = -(-NUM_ROWS // BATCH)


@pytest.mark.parametrize("where", ["explain", "read", "progress"])
@pytest.mark.parametrize("at", range(NUM_BATCHES))
def test_a_restart_after_any_batch_leaves_the_bytes_of_an_undisturbed_run(
    where, at, tmp_path, undisturbed
):
    with pytest.raises(KilledError):
        run(tmp_path, **killed(where, at))
    starts = []

    def resumed(start):
        starts.append(start)
        return batches_from(start)

    run(tmp_path, batches_from=resumed)
    assert stored_bytes(tmp_path) == undisturbed
    # What was committed is not done again: with one result waiting, at most a chunk and a batch.
    assert starts[0] % CHUNK == 0
    assert starts[0] >= at * BATCH - BATCH - CHUNK


def killed(where, at):
    """Returns the settings under which a run ends at a batch."""
    calls = iter(range(100))

    def dying(batch):
        if next(calls) == at:
            raise KilledError
        return explain(batch)

    def dying_read(start):
        for number, batch in enumerate(batches_from(start)):
            if number == at:
                raise KilledError
            yield batch

    def dying_progress(done, total):
        if next(calls) == at:
            raise KilledError

    return {
        "explain": {"explain": dying},
        "read": {"batches_from": dying_read},
        "progress": {"on_progress": dying_progress},
    }[where]


def test_a_process_that_dies_at_every_batch_once_still_finishes(tmp_path, undisturbed):
    for at in range(NUM_BATCHES):
        count = iter(range(100))

        def dying(batch, at=at, count=count):
            # Counted from the start of the data set, not from the restart.
            if batch["row"][0] == at * BATCH and next(count) == 0:
                raise KilledError
            return explain(batch)

        try:
            run(tmp_path, explain=dying)
        except KilledError:
            continue
    run(tmp_path)
    assert stored_bytes(tmp_path) == undisturbed


@pytest.mark.parametrize("at", range(3))
def test_dying_between_the_arrays_and_their_record_does_no_harm(
    at, tmp_path, undisturbed, monkeypatch
):
    calls = iter(range(100))
    write_json = dataset.write_json

    def dying(path, value):
        if next(calls) == at:
            raise KilledError
        write_json(path, value)

    monkeypatch.setattr(dataset, "write_json", dying)
    with pytest.raises(KilledError):
        run(tmp_path)
    run(tmp_path)
    assert stored_bytes(tmp_path) == undisturbed


def test_a_finished_pass_is_not_run_again(tmp_path, undisturbed):
    run(tmp_path)
    assert read_json(tmp_path / ".images.json") == {"rows": NUM_ROWS}

    def never(_):
        raise AssertionError

    run(tmp_path, batches_from=never, explain=never, on_progress=never)
    assert stored_bytes(tmp_path) == undisturbed


def test_two_passes_of_a_folder_do_not_touch_each_other(tmp_path):
    run(tmp_path)
    before = stored_bytes(tmp_path)
    write_explanations(
        tmp_path,
        "maps",
        num_rows=3,
        batch_size=BATCH,
        batches_from=lambda start: batches_from(start, num_rows=3),
        explain=lambda batch: {"guided_backprop": batch["row"].astype(np.float16)},
    )
    after = stored_bytes(tmp_path)
    assert {path: after[path] for path in before} == before
    np.testing.assert_array_equal(read_array(tmp_path / "guided_backprop.zarr"), [0, 1, 2])


def test_progress_counts_rows_up_to_all_of_them(tmp_path):
    seen = []
    run(tmp_path, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(rows, NUM_ROWS) for rows in (4, 8, 12, 16, 20, 22)]


def test_progress_goes_on_where_it_stopped(tmp_path):
    with pytest.raises(KilledError):
        run(tmp_path, **killed("explain", 4))
    seen = []
    run(tmp_path, on_progress=lambda done, _: seen.append(done))
    assert seen == [12, 16, 20, 22]


def test_the_next_batch_is_on_its_way_before_a_result_is_awaited(tmp_path):
    events = []

    def recorded(batch):
        events.append(f"start {batch['row'][0]}")
        return explain(batch)

    run(tmp_path, explain=recorded, on_progress=lambda done, _: events.append(f"have {done}"))
    assert events[:5] == ["start 0", "start 4", "have 4", "start 8", "have 8"]
    assert events[-2:] == ["have 20", "have 22"]


def test_no_rows_write_nothing(tmp_path):
    run(tmp_path, num_rows=0, batches_from=lambda start: iter(()))
    assert not list(tmp_path.iterdir())
