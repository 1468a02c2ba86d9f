import dataclasses
import json
import os
import signal

import jax
import jax.numpy as jnp
import pytest
from reference.small_network import assert_same_bits, batches_from, make_training

from camtrap_jax.config import TrainConfig
from camtrap_jax.mesh import make_mesh, put_batch
from camtrap_jax.train.checkpoint import Checkpoints
from camtrap_jax.train.interruption import TrainingStopped, stop_requests
from camtrap_jax.train.loop import Plan, train
from camtrap_jax.train.metrics import MetricsLog


class StopError(Exception):
    """Stands for the end of a process."""


def equal_evaluation(_state):
    return evaluation(0.5)


def evaluation(accuracy, loss=1.0):
    return {"val_loss": loss, "val_accuracy": accuracy, "val_mean_species_accuracy": accuracy}


def evaluations_of(*accuracies):
    """An evaluation that gives these after steps 2, 4, 6 and so on, whatever was learnt."""
    return lambda state: evaluation(accuracies[int(state.step) // 2 - 1])


def run(
    folder,
    *,
    num_steps=6,
    checkpoint_every=3,
    stop_at=None,
    config=None,
    evaluate=equal_evaluation,
    patience=0,
    stop=lambda step: None,
):
    """Trains the small network in a folder, going on from its newest checkpoint."""
    state, train_step, _ = make_training(config, num_steps=num_steps)
    seen = []

    def on_step(step, metrics):
        seen.append((step, metrics))
        if step == stop_at:
            raise StopError

    with Checkpoints(folder / "checkpoints") as checkpoints:
        if checkpoints.latest_step is not None:
            state = checkpoints.load(state)
        start = int(state.step)
        log = MetricsLog(folder / "metrics.jsonl", start_step=start)
        try:
            state = train(
                state,
                batches_from(start),
                Plan(
                    num_steps=num_steps,
                    steps_per_epoch=2,
                    eval_every=2,
                    checkpoint_every=checkpoint_every,
                    patience=patience,
                ),
                mesh=make_mesh(),
                train_step=train_step,
                evaluate=evaluate,
                checkpoints=checkpoints,
                log=log,
                stop=stop,
                on_step=on_step,
            )
        finally:
            log.close()
    return state, seen


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def steps_on_disk(folder):
    return sorted(int(path.name) for path in (folder / "checkpoints").iterdir())


def test_six_steps_are_three_and_three_more_bit_for_bit(tmp_path):
    whole, _ = run(tmp_path / "whole")
    with pytest.raises(StopError):
        run(tmp_path / "parts", stop_at=5)
    parts, seen = run(tmp_path / "parts")
    assert [step for step, _ in seen] == [4, 5, 6]
    assert_same_bits(parts, whole)
    logs = [(tmp_path / name / "metrics.jsonl").read_bytes() for name in ("whole", "parts")]
    assert logs[0] == logs[1]


def test_without_a_checkpoint_a_run_begins_at_the_first_step(tmp_path):
    whole, _ = run(tmp_path / "whole")
    with pytest.raises(StopError):
        run(tmp_path / "parts", stop_at=2)
    parts, seen = run(tmp_path / "parts")
    assert seen[0][0] == 1
    assert_same_bits(parts, whole)


def test_a_finished_run_only_reads_its_last_checkpoint(tmp_path):
    whole, _ = run(tmp_path)
    again, seen = run(tmp_path)
    assert seen == []
    assert_same_bits(again, whole)


def test_evaluation_and_checkpoints_come_when_planned_and_at_the_end(tmp_path):
    evaluated = []

    def evaluate(state):
        evaluated.append(int(state.step))
        return evaluation(0.25)

    run(tmp_path, num_steps=7, checkpoint_every=3, evaluate=evaluate)
    assert evaluated == [2, 4, 6, 7]
    assert steps_on_disk(tmp_path) == [2, 6, 7]  # the best, and the newest two
    validation = [line for line in lines(tmp_path) if "val_accuracy" in line]
    assert [(line["step"], line["epoch"]) for line in validation] == [
        (2, 1.0),
        (4, 2.0),
        (6, 3.0),
        (7, 3.5),
    ]
    assert [line["step"] for line in lines(tmp_path) if "loss" in line] == [*range(1, 8)]


def test_no_checkpoint_is_left_out_because_the_one_before_is_being_written(tmp_path):
    """Orbax's own policy leaves them out."""
    run(tmp_path, num_steps=5, checkpoint_every=1)
    assert steps_on_disk(tmp_path) == [2, 4, 5]


def test_a_checkpoint_holds_the_state_of_its_step_though_later_steps_reuse_its_memory(tmp_path):
    with pytest.raises(StopError):
        run(tmp_path / "long", stop_at=5)
    fresh, _, _ = make_training()
    with Checkpoints(tmp_path / "long" / "checkpoints") as checkpoints:
        saved = checkpoints.load(fresh)
    assert int(saved.step) == 3
    expected, train_step, _ = make_training()
    batches = batches_from(0)
    for _ in range(3):
        expected, _ = train_step(expected, put_batch(next(batches), make_mesh()))
    assert_same_bits(saved, expected)


def test_progress_is_that_of_the_step_before(tmp_path):
    _, seen = run(tmp_path)
    assert seen[0] == (1, {})
    assert {"loss", "accuracy"} <= set(seen[1][1])


def test_a_diverging_run_stops_names_the_step_and_keeps_its_last_sound_checkpoint(tmp_path):
    config = TrainConfig(learning_rate=1e30, head_learning_rate=1e30)
    with pytest.raises(FloatingPointError, match=r"step \d"):
        run(tmp_path, config=config, num_steps=40, checkpoint_every=50)
    assert steps_on_disk(tmp_path) == []


def test_a_state_that_is_not_finite_is_no_checkpoint_though_its_loss_still_was(tmp_path):
    """A loss is of the parameters before the step, so it tells too late."""

    def first_step_explodes(state, batch):
        del batch
        broken = jax.tree.map(lambda leaf: leaf, state.params)
        broken["fc8"]["bias"] = broken["fc8"]["bias"] * jnp.inf
        moved = dataclasses.replace(state, step=state.step + 1, params=broken)
        return moved, {"loss": jnp.float32(0.5)}

    state, _, _ = make_training()
    log = MetricsLog(tmp_path / "metrics.jsonl", start_step=0)
    with Checkpoints(tmp_path / "checkpoints") as checkpoints:
        with pytest.raises(FloatingPointError, match="after step 1"):
            train(
                state,
                batches_from(0),
                Plan(num_steps=4, steps_per_epoch=4, eval_every=4, checkpoint_every=1),
                mesh=make_mesh(),
                train_step=first_step_explodes,
                evaluate=lambda _: {},
                checkpoints=checkpoints,
                log=log,
            )
        assert checkpoints.latest_step is None
    log.close()


@pytest.mark.parametrize(
    ("accuracies", "best"),
    [((0.1, 0.9, 0.5, 0.4), 4), ((0.1, 0.2, 0.3, 0.9), 8), ((0.9, 0.9, 0.1, 0.9), 2)],
)
def test_the_best_checkpoint_stays_beside_the_newest_two(tmp_path, accuracies, best):
    run(tmp_path, num_steps=8, checkpoint_every=1, evaluate=evaluations_of(*accuracies))
    assert steps_on_disk(tmp_path) == sorted({best, 7, 8})


def test_the_best_evaluation_is_saved_though_no_checkpoint_was_planned(tmp_path):
    run(tmp_path, num_steps=6, checkpoint_every=50, evaluate=evaluations_of(0.2, 0.8, 0.3))
    assert steps_on_disk(tmp_path) == [4, 6]


def test_training_ends_when_evaluations_get_no_better(tmp_path):
    accuracies = (0.3, 0.6, 0.5, 0.6, 0.9)  # as good is not better
    state, _ = run(tmp_path, num_steps=10, evaluate=evaluations_of(*accuracies), patience=2)
    assert int(state.step) == 8
    assert max(steps_on_disk(tmp_path)) == 8
    assert lines(tmp_path)[-1]["step"] == 8
    again, seen = run(tmp_path, num_steps=10, evaluate=evaluations_of(*accuracies), patience=2)
    assert seen == []
    assert_same_bits(again, state)


def test_a_killed_training_remembers_how_long_it_has_been_patient(tmp_path):
    settings = {"num_steps": 12, "checkpoint_every": 1, "patience": 2}
    settings["evaluate"] = evaluations_of(0.3, 0.6, 0.5, 0.5, 0.9, 0.9)
    with pytest.raises(StopError):
        run(tmp_path, stop_at=7, **settings)
    state, _ = run(tmp_path, **settings)
    assert int(state.step) == 8


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_saves_the_step_at_which_it_came(tmp_path, number):
    whole, _ = run(tmp_path / "whole")
    before = signal.getsignal(number)

    with stop_requests() as stop:

        def ask(step):
            if step == 4:
                os.kill(os.getpid(), number)
            return stop(step)

        with pytest.raises(TrainingStopped, match=f"{number.name} after step 4") as caught:
            run(tmp_path / "parts", checkpoint_every=50, stop=ask)
    assert caught.value.code == 128 + number
    assert signal.getsignal(number) == before
    assert max(steps_on_disk(tmp_path / "parts")) == 4
    parts, seen = run(tmp_path / "parts", checkpoint_every=50)
    assert [step for step, _ in seen] == [5, 6]
    assert_same_bits(parts, whole)
    logs = [(tmp_path / name / "metrics.jsonl").read_bytes() for name in ("whole", "parts")]
    assert logs[0] == logs[1]


def test_a_signal_at_the_last_step_changes_nothing(tmp_path):
    whole, _ = run(tmp_path / "whole")
    asked, _ = run(tmp_path / "asked", stop=lambda step: signal.SIGTERM if step == 6 else None)
    assert_same_bits(asked, whole)
