import jax
import pytest
from reference.processes import call
from reference.small_network import SmallNetwork, assert_same_bits, make_training, random_batch

from camtrap_jax.train.checkpoint import Checkpoints


def trained_state(steps=2):
    state, train_step, _ = make_training()
    for step in range(steps):
        state, _ = train_step(state, random_batch(step))
    return state


def damaged(folder):
    """Yields, one after the other, each file of a folder broken in a way that disks break them."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = path.read_bytes()
            yield path, content, content[: len(content) // 2]


def loads_or_explains(checkpoints, state, folder):
    """Tells whether the state was read; a refusal has to name the folder, in one line."""
    try:
        loaded = checkpoints.load(trained_state(0))
    except ValueError as error:
        message = str(error)
    else:
        assert_same_bits(loaded, state)
        return True
    assert str(folder) in message
    assert "--overwrite" in message
    assert len(message.splitlines()) == 1
    return False


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


def read_damaged(folder):
    state = trained_state()
    errors = 0
    for path, whole, half in damaged(folder / "2"):
        path.write_bytes(half)
        with Checkpoints(folder) as checkpoints:
            if checkpoints.latest_step is None:  # it does not count as a checkpoint
                errors += 1
            else:
                errors += not loads_or_explains(checkpoints, state, folder / "2")
        path.write_bytes(whole)
    assert errors


def read_another_network(folder):
    like, _, _ = make_training(model=SmallNetwork(num_classes=7))
    with Checkpoints(folder) as checkpoints, pytest.raises(ValueError, match="cannot be read"):
        checkpoints.load(like)


@pytest.mark.parametrize("read", [read_damaged, read_another_network])
def test_a_checkpoint_that_does_not_fit_is_one_clear_error_or_does_no_harm(tmp_path, read):
    """Never other numbers, never another kind of error, whichever file is cut off.

    In a process of its own: Orbax drops the coroutines of a failed read, which Python reports late.
    """
    with Checkpoints(tmp_path / "checkpoints") as checkpoints:
        checkpoints.save(trained_state())
    code = call(read, tmp_path / "checkpoints", log=tmp_path / "log")
    assert code == 0, (tmp_path / "log").read_text()
