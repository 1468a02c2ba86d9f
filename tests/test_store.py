import errno
import json
import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from camtrap_jax import store


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_file_appears_only_when_the_block_succeeds(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with store.atomic_path(path) as temporary:
        temporary.write_text("whole")
        assert not path.exists()
        assert temporary.parent == path.parent  # a rename within one file system
    assert path.read_text() == "whole"
    assert names(path.parent) == ["file.txt"]


def test_an_error_leaves_the_old_file_and_no_litter(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")

    def write_half():
        with store.atomic_path(path) as temporary:
            temporary.write_text("hal")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file.txt"]


def test_a_json_file_stays_when_the_new_value_cannot_be_written(tmp_path):
    path = tmp_path / "a.json"
    store.write_json(path, {"a": 1})
    with pytest.raises(TypeError):
        store.write_json(path, {"a": object()})
    assert store.read_json(path) == {"a": 1}
    assert names(tmp_path) == ["a.json"]


def test_a_replaced_folder_loses_its_old_files(tmp_path):
    folder = tmp_path / "units"
    folder.mkdir()
    (folder / "stale.csv").write_text("")
    with store.replaced_folder(folder) as temporary:
        (temporary / "new.csv").write_text("")
        assert names(folder) == ["stale.csv"]
    assert names(folder) == ["new.csv"]
    assert names(tmp_path) == ["units"]


def test_an_error_leaves_the_old_folder(tmp_path):
    folder = tmp_path / "units"
    folder.mkdir()
    (folder / "old.csv").write_text("old")

    def write_half():
        with store.replaced_folder(folder) as temporary:
            (temporary / "old.csv").write_text("new")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert (folder / "old.csv").read_text() == "old"
    assert names(tmp_path) == ["units"]


def test_what_a_killed_process_left_is_cleared_away_and_what_a_living_one_writes_is_not(tmp_path):
    """In a container, every process may have the number of the one that was killed."""
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for process, kind in ((os.getpid(), "tmp"), (dead.pid, "tmp"), (dead.pid, "old"), (1, "tmp")):
        (tmp_path / f".units.{process}.{kind}").mkdir()
        (tmp_path / f".units.{process}.{kind}" / "half.csv").write_text("")
    (tmp_path / ".units.notes.tmp").mkdir()
    with store.replaced_folder(tmp_path / "units") as temporary:
        assert names(temporary) == []
    assert names(tmp_path) == [".units.1.tmp", ".units.notes.tmp", "units"]


def test_what_killed_processes_left_of_any_file_is_cleared_away(tmp_path):
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    for name in ("a.csv", ".images.1.json"):
        for process in (dead.pid, 1):
            (tmp_path / f".{name}.{process}.tmp").write_text("half")
    for name in (".images.json", "a.csv", f"a.{dead.pid}.tmp"):
        (tmp_path / name).write_text("whole")
    store.remove_all_leftovers(tmp_path)
    kept = [".a.csv.1.tmp", "..images.1.json.1.tmp", ".images.json", "a.csv", f"a.{dead.pid}.tmp"]
    assert names(tmp_path) == sorted(kept)
    store.remove_all_leftovers(tmp_path / "nothing here")


def test_numbers_that_json_lacks_become_null(tmp_path):
    value = {
        "nan": float("nan"),
        "array": np.array([1.5, np.inf]),
        "scalar": np.float32(2),
        "nested": ({"x": np.float64("nan")}, np.int64(3), np.True_),
        4: "Wölfe",
    }
    store.write_json(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text, parse_constant=pytest.fail) == {
        "nan": None,
        "array": [1.5, None],
        "scalar": 2.0,
        "nested": [{"x": None}, 3, True],
        "4": "Wölfe",
    }
    assert "Wölfe" in text


@pytest.mark.parametrize("content", [b"{", b"", b"\xff\xfe\x00"])
def test_damaged_json_is_an_error_that_names_the_file(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.json: expected JSON"):
        store.read_json(tmp_path / "a.json")


def test_text_columns_keep_what_looks_like_a_number_or_like_nothing(tmp_path):
    hard = ["None", "NA", "nan", "007", "1e5", "", "True", 'a "b", c', " x ", "Ñandú\u2028"]
    table = pd.DataFrame(dict.fromkeys(store.TEXT_COLUMNS, hard))
    table["value"] = np.arange(len(hard)) / 3
    store.write_table(tmp_path / "t.csv", table)
    found = store.read_table(tmp_path / "t.csv")
    for name in store.TEXT_COLUMNS:
        assert found[name].tolist() == hard, name
    assert found["value"].tolist() == table["value"].tolist()  # every digit


def test_an_undefined_number_is_an_empty_field(tmp_path):
    store.write_table(tmp_path / "t.csv", pd.DataFrame({"species": ["a", "b"], "x": [0.5, np.nan]}))
    assert (tmp_path / "t.csv").read_bytes() == b"species,x\na,0.5\nb,\n"
    found = store.read_table(tmp_path / "t.csv")
    assert np.isnan(found["x"][1])


def test_a_table_saved_by_a_spreadsheet_with_a_byte_order_mark_is_read(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbfspecies,x\r\n007,1\r\n")
    found = store.read_table(tmp_path / "t.csv")
    assert found["species"].tolist() == ["007"]
    assert found["x"].tolist() == [1]


def test_a_table_without_rows_keeps_its_columns(tmp_path):
    store.write_table(tmp_path / "t.csv", pd.DataFrame(columns=["species", "x"]))
    assert list(store.read_table(tmp_path / "t.csv").columns) == ["species", "x"]


def test_an_array_is_chunked_along_its_rows_and_comes_back(tmp_path):
    values = np.random.default_rng(0).normal(size=(10, 3, 2)).astype(np.float16)
    array = store.create_array(tmp_path / "a.zarr", values.shape, values.dtype, rows_per_chunk=4)
    array[...].write(values).result()
    assert store.open_array(tmp_path / "a.zarr").chunk_layout.write_chunk.shape == (4, 3, 2)
    chunks = [path for path in (tmp_path / "a.zarr" / "c").rglob("*") if path.is_file()]
    assert len(chunks) == 3
    np.testing.assert_array_equal(store.read_array(tmp_path / "a.zarr"), values)


def test_a_new_array_replaces_an_old_one_of_another_shape(tmp_path):
    store.create_array(tmp_path / "a.zarr", (9,), np.int32, rows_per_chunk=1)[...].write(7).result()
    store.create_array(tmp_path / "a.zarr", (2, 2), np.float32, rows_per_chunk=8)
    assert store.read_array(tmp_path / "a.zarr").tolist() == [[0, 0], [0, 0]]


def test_a_missing_array_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(FileNotFoundError, match="camtrap explain"):
        store.open_array(tmp_path / "a.zarr")
    assert names(tmp_path) == []


def test_the_hash_of_settings_ignores_their_order_and_nothing_else():
    assert store.hash_json({"a": 1, "b": (1, 2)}) == store.hash_json({"b": [1, 2], "a": 1})
    others = [{"a": 2, "b": [1, 2]}, {"a": 1, "b": [2, 1]}, {"a": "1", "b": [1, 2]}]
    assert len({store.hash_json(value) for value in [*others, {"a": 1, "b": [1, 2]}]}) == 4


def test_a_file_has_one_holder_at_a_time(tmp_path):
    with store.lock_file(tmp_path / "lock", "mine"), pytest.raises(ValueError, match=r"^yours$"):
        store.lock_file(tmp_path / "lock", "yours")
    store.lock_file(tmp_path / "lock", "yours").close()


def test_a_file_system_without_locks_refuses_nobody(tmp_path, monkeypatch):
    def missing(*_):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(store.fcntl, "flock", missing)
    store.lock_file(tmp_path / "lock", "mine").close()
