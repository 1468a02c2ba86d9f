"""The examples in scripts/launch: what they start, and how a Slurm job goes on."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest
from absl import flags
from reference.joint_processes import free_port
from reference.stand_ins import LAUNCH, environment, launch, make_checkout, use_real_tasks

NAMES = sorted(path.stem for path in LAUNCH.glob("*.sh"))
STOPPED = 128 + signal.SIGTERM
PATIENCE_SEC = 300


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    make_checkout(folder)
    return folder


@pytest.fixture
def understood(camtrap, monkeypatch):
    """Returns a function that gives a training's flags as the program understands them."""

    def parse(words):
        from camtrap_jax.cli import train

        seen = {}
        monkeypatch.setattr(train, "main", lambda: seen.update(flags.FLAGS.flag_values_dict()))
        result = camtrap(*words)
        assert result.code == 0, result.err
        return seen

    return parse


def config_path(config_file):
    return config_file.partition("=")[2]


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_shell(name):
    subprocess.run(["bash", "-n", LAUNCH / f"{name}.sh"], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_commands_in_words_have_only_flags_of_the_program(camtrap, name):
    text = (LAUNCH / f"{name}.sh").read_text()
    named = re.findall(r"camtrap ([a-z]+)((?: --\w+=\S+)+)", text)
    assert named
    for command, words in named:
        known = camtrap(command, "--help").out
        for flag in re.findall(r"--\w+", words):
            assert re.search(rf"{flag}\b", known), flag


def test_one_machine_needs_one_process(checkout, understood, config_file):
    code, ((program, *words),) = launch(
        checkout, "gpus", "--config.train.batch_size=32", CONFIG=config_path(config_file)
    )
    assert (code, program, words[0]) == (0, "camtrap", "train")
    seen = understood(words)
    assert (seen["coordinator_address"], seen["num_processes"]) == ("", 1)
    assert seen["config"].train.batch_size == 32


def test_several_machines_are_told_of_each_other(checkout, understood, config_file):
    machines = {"COORDINATOR": "gpu1:4321", "NUM_PROCESSES": "2", "PROCESS_ID": "1"}
    _, ((_, *words),) = launch(checkout, "gpus", CONFIG=config_path(config_file), **machines)
    seen = understood(words)
    assert seen["coordinator_address"] == "gpu1:4321"
    assert (seen["num_processes"], seen["process_id"]) == (2, 1)


@pytest.mark.parametrize("code", [0, 1, STOPPED])
def test_a_slurm_job_is_requeued_if_it_was_stopped_and_only_then(
    checkout, understood, config_file, code
):
    config = config_path(config_file)
    ended, ((_, *words), *others) = launch(checkout, "slurm", CONFIG=config, CODE=str(code))
    assert ended == code
    assert understood(words)["coordinator_address"] == "auto"
    assert others == ([["scontrol", "requeue", "4711"]] if code == STOPPED else [])


def test_all_hosts_of_a_tpu_slice_train_in_the_background(checkout, understood, config_file):
    code, calls = launch(
        checkout,
        "tpu_pod",
        "train",
        "--config.report.title=two words",
        CONFIG=config_path(config_file),
    )
    assert code == 0
    end = time.monotonic() + 30
    while len(calls) < 2 and time.monotonic() < end:  # it was not waited for
        time.sleep(0.02)
        lines = (checkout / "calls").read_text().splitlines()
        calls = [line.rstrip("\t").split("\t") for line in lines]
    (gcloud, *options), (python, *words) = calls
    assert gcloud == "gcloud"
    assert "--worker=all" in options
    assert (python, words[:2]) == ("python", ["-m", "camtrap_jax"])
    seen = understood(words[2:])
    assert seen["coordinator_address"] == "auto"
    assert seen["config"].report.title == "two words"
    assert (checkout / "camtrap.pid").read_text().strip().isdecimal()


def test_a_tpu_slice_is_asked_to_stop(checkout):
    with subprocess.Popen(["sleep", "60"]) as process:
        (checkout / "camtrap.pid").write_text(str(process.pid))
        assert launch(checkout, "tpu_pod", "stop")[0] == 0
        assert process.wait(30) == -signal.SIGTERM


def test_an_unknown_wish_is_answered_with_those_there_are(checkout):
    assert launch(checkout, "tpu_pod", "start") == (2, [])


@pytest.mark.slow
@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_slurm_job_stopped_before_its_time_goes_on(
    checkout, tiny_dataset, config_file, num_workers
):
    use_real_tasks(checkout)
    settings = {"CONFIG": config_path(config_file), "DATASET": str(tiny_dataset), "RUN": "run"}
    words = ["--config.train.epochs=30", f"--config.train.num_workers={num_workers}"]
    given = {
        **{name: value for name, value in os.environ.items() if name.startswith("JAX_")},
        "PYTHONPATH": os.pathsep.join(sys.path),
        "JAX_COORDINATOR_PORT": str(free_port()),
        "XLA_FLAGS": "--xla_backend_optimization_level=0",
    }
    log, metrics = checkout / "log", checkout / "run/train/metrics.jsonl"
    with log.open("w") as stream:
        job = subprocess.Popen(
            ["bash", "scripts/launch/slurm.sh", *words],
            cwd=checkout,
            env=environment(checkout, **settings, **given),
            stderr=stream,
        )
    end = time.monotonic() + PATIENCE_SEC
    while not metrics.exists() or metrics.read_text().count("\n") < 3:
        assert time.monotonic() < end, log.read_text()
        assert job.poll() is None, log.read_text()
        time.sleep(0.05)
    for task in (checkout / "tasks").read_text().split():
        os.killpg(int(task), signal.SIGTERM)  # as Slurm does it, workers and all
    assert job.wait(PATIENCE_SEC) == STOPPED, log.read_text()
    assert "stopped by SIGTERM" in log.read_text()
    assert (checkout / "calls").read_text().split() == ["scontrol", "requeue", "4711"]
    given["JAX_COORDINATOR_PORT"] = str(free_port())
    assert launch(checkout, "slurm", *words, **settings, **given)[0] == 0
    assert (checkout / "run" / "weights.safetensors").exists()
