"""Reads checkpoints, damaged or of another network: a refusal has to be one clear line."""

import resource

import pytest
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


def fill_the_disk(folder):
    """Lets no file grow beyond a few bytes, as a full disk does, while the second is written."""
    states = [trained_state(steps) for steps in (1, 2)]
    checkpoints = Checkpoints(folder)
    checkpoints.save(states[0])
    checkpoints.wait()
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
    checkpoints.save(states[1])
    with pytest.raises(OSError, match="File too large") as caught:
        checkpoints.wait()
    assert caught.value.filename == str(folder)
    # Orbax's threads may still be at the file that failed, so the training ends here, as a user's.


def continue_with_space(folder):
    """What a training does that starts again once the disk has space."""
    states = [trained_state(steps) for steps in (1, 2)]
    with Checkpoints(folder) as again:
        assert again.latest_step == 1
        assert_same_bits(again.load(trained_state(0)), states[0])
        again.save(states[1])
    with Checkpoints(folder) as last:
        assert last.steps == [1, 2]
