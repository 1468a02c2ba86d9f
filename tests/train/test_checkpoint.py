import jax
import pytest
from reference.damaged_checkpoints import (
    continue_with_space,
    fill_the_disk,
    read_another_network,
    read_damaged,
    trained_state,
)
from reference.processes import call
from reference.small_network import assert_same_bits, make_training, random_batch

from camtrap_jax.train.checkpoint import Checkpoints


def test_a_state_comes_back_bit_for_bit_on_the_same_devices(tmp_path):
    state = trained_state()
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(state)
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.latest_step == 2
        loaded = checkpoints.load(trained_state(0))
    assert_same_bits(loaded, state)
    for leaf, original in zip(jax.tree.leaves(loaded), jax.tree.leaves(state), strict=True):
        assert leaf.sharding.device_set == original.sharding.device_set


def test_a_new_folder_has_no_checkpoint(tmp_path):
    with Checkpoints(tmp_path / "a" / "b") as checkpoints:
        assert checkpoints.latest_step is None


def test_a_step_that_is_there_is_left_alone(tmp_path):
    state = trained_state()
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(state)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*") if path.is_file()}
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(state)
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("*") if p.is_file()} == before


def test_the_two_newest_are_kept(tmp_path):
    state, train_step, _ = make_training()
    with Checkpoints(tmp_path) as checkpoints:
        for step in range(4):
            state, _ = train_step(state, random_batch(step))
            checkpoints.save(state)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3", "4"]


def test_what_a_killed_process_left_half_written_is_not_taken_for_a_checkpoint(tmp_path):
    with Checkpoints(tmp_path) as checkpoints:
        checkpoints.save(trained_state())
    (tmp_path / "9.orbax-checkpoint-tmp-1700000000000000").mkdir()
    (tmp_path / "9.orbax-checkpoint-tmp-1700000000000000" / "d").write_text("half")
    with Checkpoints(tmp_path) as checkpoints:
        assert checkpoints.latest_step == 2
        assert int(checkpoints.load(trained_state(0)).step) == 2


@pytest.mark.parametrize("read", [read_damaged, read_another_network])
def test_a_checkpoint_that_does_not_fit_is_one_clear_error_or_does_no_harm(tmp_path, read):
    """Never other numbers, never another kind of error, whichever file is cut off.

    In a process of its own: Orbax drops the coroutines of a failed read, which Python reports late.
    """
    with Checkpoints(tmp_path / "checkpoints") as checkpoints:
        checkpoints.save(trained_state())
    code = call(read, tmp_path / "checkpoints", log=tmp_path / "log")
    assert code == 0, (tmp_path / "log").read_text()


def test_a_checkpoint_of_other_settings_is_refused_with_the_differences(tmp_path):
    made = {"train": {"epochs": 3, "momentum": 0.9}, "dataset": {"sha256": "a"}}
    with Checkpoints(tmp_path, made) as checkpoints:
        checkpoints.save(trained_state())
    other = {"train": {"epochs": 4, "momentum": 0.9}, "dataset": {"sha256": "b"}}
    with (
        Checkpoints(tmp_path, other) as checkpoints,
        pytest.raises(ValueError, match="other settings") as caught,
    ):
        checkpoints.load(trained_state(0))
    message = str(caught.value)
    assert "(train.epochs: 3 -> 4; dataset.sha256: 'a' -> 'b')" in message
    assert str(tmp_path / "2") in message
    assert "--overwrite" in message
    with Checkpoints(tmp_path, made) as checkpoints:
        assert int(checkpoints.load(trained_state(0)).step) == 2


def test_a_setting_that_an_older_version_did_not_know_had_its_default(tmp_path):
    with Checkpoints(tmp_path, {"train": {"epochs": 3}}) as checkpoints:
        checkpoints.save(trained_state())
    newer = {"train": {"epochs": 3, "patience": 0}}
    with Checkpoints(tmp_path, newer) as checkpoints:
        assert int(checkpoints.load(trained_state(0)).step) == 2


def test_a_full_disk_is_one_clear_error_and_leaves_the_checkpoints_before(tmp_path):
    for function in (fill_the_disk, continue_with_space):
        code = call(function, tmp_path / "checkpoints", log=tmp_path / "log")
        assert code == 0, (tmp_path / "log").read_text()
        assert "Traceback" not in (tmp_path / "log").read_text()
