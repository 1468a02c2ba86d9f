"""The benchmark of training: its command line, its agreement, and a small run."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[2] / "scripts"))

from benchmark import parse
from benchmarks.contest import Contender, call_apart, compete
from benchmarks.train_speed import check_losses
from reference.idle_programs import counting_by_variable

SCRIPT = Path(__file__).parents[2] / "scripts" / "benchmark.py"


@pytest.mark.parametrize(
    "words",
    [
        ["train", "--rounds=3"],
        ["--suite=train", "--rounds=3"],
        ["--rounds=3", "--suite", "train"],
    ],
)
def test_a_suite_is_named_in_either_way(words):
    options = parse(words)
    assert (options.suite, options.rounds, options.batch_size) == ("train", 3, 8)


def test_an_unknown_suite_is_refused_with_those_there_are(capsys):
    for words in (["--suite=speed"], []):
        with pytest.raises(SystemExit):
            parse(words)
    assert "input" in capsys.readouterr().err


def test_losses_that_part_are_refused_with_their_step():
    check_losses("a", [2.0, 1.0019], [2.0019, 1.0020])
    for wrong in (1.002, float("nan")):
        with pytest.raises(ValueError, match=r"vgg16, torch: step 2 has a loss of .* ours of 1.0"):
            check_losses("vgg16, torch", [2.0, wrong], [2.0, 1.0])


def test_a_contender_and_a_call_start_with_their_own_environment(monkeypatch):
    monkeypatch.setenv("CAMTRAP_TEST_COUNT", "7")
    assert call_apart(os.getenv, "CAMTRAP_TEST_COUNT") == "7"
    other = {"CAMTRAP_TEST_COUNT": "70"}
    assert call_apart(os.getenv, "CAMTRAP_TEST_COUNT", environment=other) == "70"
    runs = compete(
        [
            Contender("seven", counting_by_variable),
            Contender("seventy", counting_by_variable, environment=other),
        ],
        rounds=1,
        seconds=0.1,
        warm_up=0,
    )
    assert runs["seventy"][0].per_sec > 3 * runs["seven"][0].per_sec
    assert os.environ["CAMTRAP_TEST_COUNT"] == "7"


@pytest.mark.slow
def test_steps_of_training_are_measured_and_written(tmp_path):
    output = tmp_path / "train.json"
    sizes = ["--image_size=32", "--batch_size=2", "--rounds=1", "--seconds=0.1"]
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--suite=train", *sizes, f"--output={output}"],
        env={**os.environ, "XLA_FLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    written = json.loads(output.read_text())
    assert set(written["networks"]) == {"vgg16", "resnet50"}
    for found in written["networks"].values():
        assert found["images_per_sec"]["ours"]["median"] > 0.1
        losses = found["trials"]["ours"]["losses"]
        assert len(set(losses)) == 3
        if written["versions"]["torchvision"] is None:
            assert "pip install" in done.stdout
        else:
            assert found["ratio_to_torch_best"]["median"] > 0
