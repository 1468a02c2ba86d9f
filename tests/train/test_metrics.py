import json

import jax.numpy as jnp
import pytest

from camtrap_jax.train.metrics import MetricsLog


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "train" / "metrics.jsonl"


@pytest.fixture
def make_log(path):
    """Opens logs that are closed when the test ends."""
    opened = []

    def make(start_step=0):
        opened.append(MetricsLog(path, start_step=start_step))
        return opened[-1]

    yield make
    for log in opened:
        log.close()


def test_a_step_is_written_when_the_next_one_is_added(path, make_log):
    log = make_log()
    assert log.add(1, {"loss": jnp.float32(0.5)}) is None
    assert lines(path) == []
    assert log.add(2, {"loss": jnp.float32(0.25)}) == {"loss": 0.5}
    assert lines(path) == [{"step": 1, "loss": 0.5}]
    assert log.flush() == {"loss": 0.25}
    assert log.flush() is None
    assert [line["step"] for line in lines(path)] == [1, 2]


def test_values_stay_on_the_device_until_the_next_step(make_log):
    """Taking a value off the device waits for the step, and the device for the next batch."""
    taken = []

    class OnDevice:
        def __float__(self):
            taken.append(True)
            return 0.5

    log = make_log()
    log.add(1, {"loss": OnDevice()})
    assert not taken
    log.add(2, {"loss": 0.1})
    assert taken


def test_a_continued_run_drops_the_lines_that_it_will_write_again(path, make_log):
    log = make_log()
    for step in range(1, 7):
        log.add(step, {"loss": step / 10})
        if step % 2 == 0:
            log.add(step, {"val_accuracy": 0.5})
    log.flush()
    log.close()
    make_log(start_step=4)
    assert [(line["step"], "loss" in line) for line in lines(path)] == [
        (1, True),
        (2, True),
        (2, False),
        (3, True),
        (4, True),
        (4, False),
    ]


@pytest.mark.parametrize("half", ['{"step": 3, "lo', '{"step": 2', "{", '{"step": 3, "loss": 0.1}'])
def test_a_line_that_was_cut_off_is_dropped(path, make_log, half):
    path.parent.mkdir()
    path.write_text('{"step": 1, "loss": 0.5}\n{"step": 2, "loss": 0.4}\n' + half)
    log = make_log(start_step=9)
    log.add(3, {"loss": 0.3})
    log.flush()
    assert lines(path) == [{"step": step, "loss": (6 - step) / 10} for step in (1, 2, 3)]


def test_a_new_run_drops_everything(path, make_log):
    path.parent.mkdir()
    path.write_text('{"step": 1, "loss": 0.5}\n')
    make_log(start_step=0)
    assert path.read_text() == ""
    assert [file.name for file in path.parent.iterdir()] == ["metrics.jsonl"]


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_a_loss_that_is_not_finite_stops_the_run_and_names_the_step(path, make_log, bad):
    log = make_log()
    log.add(1, {"loss": 0.5})
    log.add(2, {"loss": jnp.float32(bad)})
    with pytest.raises(FloatingPointError, match=r"step 2 .*--config\.train\.learning_rate"):
        log.add(3, {"loss": 0.5})
    assert [line["step"] for line in lines(path)] == [1]


def test_what_is_undefined_is_written_as_null(path, make_log):
    """JSON has no NaN; a dataset may be too small for validation images."""
    log = make_log()
    log.add(1, {"val_loss": float("nan"), "epoch": 1})
    log.flush()
    text = path.read_text()
    assert json.loads(text, parse_constant=pytest.fail) == {"step": 1, "val_loss": None, "epoch": 1}
