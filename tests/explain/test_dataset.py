"""The stored pass: rows in order, and a restart anywhere leaves the same bytes."""

import subprocess
import sys

import numpy as np
import pytest
from reference.threads_as_processes import KilledError

from camtrap_jax.data.batches.loading import padded_parts
from camtrap_jax.explain import chunks, dataset, progress
from camtrap_jax.explain.dataset import write_explanations
from camtrap_jax.store import read_array, read_json

NUM_ROWS, BATCH = 22, 4
CHUNK = 8  # rows of a chunk: two batches


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(dataset, "CHUNK_ROWS", CHUNK + 1)  # rounded down to whole batches


def batches_of(rows, *, batch=BATCH):
    """Yields the numbers of the rows; the last batch is padded with -1."""
    for part in padded_parts(rows, batch):
        yield {"row": part}


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
        "batches_of": batches_of,
        "explain": explain,
    }
    return write_explanations(folder, "images", **(settings | changes))


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
    run(tmp_path, num_rows=num_rows)
    expected = explain({"row": np.arange(num_rows)})
    for name, values in expected.items():
        stored = read_array(tmp_path / f"{name}.zarr")
        np.testing.assert_array_equal(stored, values, err_msg=name, strict=True)


@pytest.mark.parametrize("batch", [1, 3, 4, 30])
def test_the_size_of_a_batch_changes_no_number(batch, tmp_path):
    run(tmp_path, batch_size=batch, batches_of=lambda rows: batches_of(rows, batch=batch))
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

    def resumed(rows):
        starts.append(rows[0])
        return batches_of(rows)

    run(tmp_path, batches_of=resumed)
    assert stored_bytes(tmp_path) == undisturbed
    # What was committed is not done again: with one result and one chunk waiting, at most two
    # chunks and a batch.
    assert starts[0] % CHUNK == 0
    assert starts[0] >= at * BATCH - BATCH - 2 * CHUNK


def killed(where, at):
    """Returns the settings under which a run ends at a batch."""
    calls = iter(range(100))

    def dying(batch):
        if next(calls) == at:
            raise KilledError
        return explain(batch)

    def dying_read(rows):
        for number, batch in enumerate(batches_of(rows)):
            if number == at:
                raise KilledError
            yield batch

    def dying_progress(done, total):
        if next(calls) == at:
            raise KilledError

    return {
        "explain": {"explain": dying},
        "read": {"batches_of": dying_read},
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


@pytest.mark.parametrize("at", range(4))
def test_dying_between_the_arrays_and_their_record_does_no_harm(
    at, tmp_path, undisturbed, monkeypatch
):
    calls = iter(range(100))
    write_json = progress.write_json

    def dying(path, value):
        if next(calls) == at:
            raise KilledError
        write_json(path, value)

    monkeypatch.setattr(progress, "write_json", dying)
    with pytest.raises(KilledError):
        run(tmp_path)
    run(tmp_path)
    assert stored_bytes(tmp_path) == undisturbed


def test_a_finished_pass_is_not_run_again(tmp_path, undisturbed):
    run(tmp_path)
    notes = {"chunk_rows": CHUNK, "chunks": [[0, 3]], "failures": {}}
    assert read_json(tmp_path / ".images.json") == notes

    def never(_):
        raise AssertionError

    run(tmp_path, batches_of=never, explain=never, on_progress=never)
    assert stored_bytes(tmp_path) == undisturbed


def test_two_passes_of_a_folder_do_not_touch_each_other(tmp_path):
    run(tmp_path)
    before = stored_bytes(tmp_path)
    write_explanations(
        tmp_path,
        "maps",
        num_rows=3,
        batch_size=BATCH,
        batches_of=batches_of,
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
        run(tmp_path, **killed("explain", 5))
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


def test_a_chunk_is_written_while_the_next_one_is_computed(tmp_path, monkeypatch):
    """Its writing is awaited after batches of the next one were begun, and no third one waits."""
    events = []
    begun, awaited = chunks._begun, chunks._awaited

    def recorded(batch):
        events.append(f"explain {batch['row'][0]}")
        return explain(batch)

    def recorded_begun(arrays, chunk):
        events.append(f"write {chunk.span[0]}")
        return begun(arrays, chunk)

    def recorded_awaited(chunk, futures):
        events.append(f"await {chunk.span[0]}")
        return awaited(chunk, futures)

    monkeypatch.setattr(chunks, "_begun", recorded_begun)
    monkeypatch.setattr(chunks, "_awaited", recorded_awaited)
    run(tmp_path, explain=recorded)
    assert events == [
        *("explain 0", "explain 4", "explain 8", "write 0"),
        *("explain 12", "explain 16", "await 0", "write 8"),
        *("explain 20", "await 8", "write 16", "await 16"),
    ]


def test_an_image_that_cannot_be_read_is_a_row_of_failures(tmp_path, undisturbed):
    def damaged(rows):
        for batch in batches_of(rows):
            reasons = np.where(np.isin(batch["row"], [5, 16, -1]), "damaged", "")
            yield {**batch, "reason": reasons}

    assert run(tmp_path, batches_of=damaged) == {5: "damaged", 16: "damaged"}
    for name, values in explain({"row": np.arange(NUM_ROWS)}).items():
        stored = read_array(tmp_path / f"{name}.zarr")
        values[[5, 16]] = -1 if name == "unit_cell" else np.nan
        np.testing.assert_array_equal(stored, values, err_msg=name, strict=True)
    again = run(tmp_path, batches_of=None)
    assert again == {5: "damaged", 16: "damaged"}


def test_chunks_of_another_size_are_made_anew(tmp_path, monkeypatch, undisturbed):
    """As on another number of devices, of which the size of a batch is a multiple."""
    batches = {"batch_size": 3, "batches_of": lambda rows: batches_of(rows, batch=3)}
    with pytest.raises(KilledError):
        run(tmp_path, **batches, **killed("progress", 6))
    assert list(tmp_path.glob(".images.0.json"))
    run(tmp_path)
    assert stored_bytes(tmp_path) == undisturbed


@pytest.mark.parametrize("note", [".images.json", ".images.0.json", ".images.12.json"])
def test_half_a_note_of_a_killed_process_is_cleared_away(tmp_path, undisturbed, note):
    """Killed in its first note, a process has left nothing but that."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / f".{note}.{dead.pid}.tmp").write_text('{"chunk_')
    run(tmp_path)
    assert stored_bytes(tmp_path) == undisturbed


def test_the_notes_of_an_older_version_are_none(tmp_path, undisturbed):
    run(tmp_path)
    (tmp_path / ".images.json").write_text('{"rows": 22}')
    run(tmp_path)
    assert stored_bytes(tmp_path) == undisturbed


def test_no_rows_write_nothing(tmp_path):
    run(tmp_path, num_rows=0, batches_of=None)
    assert not list(tmp_path.iterdir())
