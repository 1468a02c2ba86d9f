"""Killed at any moment, the same command again ends where an undisturbed run would have."""

import functools
import json
import random
import shutil

import pytest
from reference import joint_processes
from reference.processes import camtrap, start_camtrap
from reference.waiting import after, kill_when

from camtrap_jax.run_folder import DatasetFolder

# Results that hold no path, time or version; weights and metrics stand for the training.
RESULTS = (
    "weights.safetensors",
    "train/metrics.jsonl",
    "dataset/manifest.csv",
    "explain/index.csv",
    "explain/maps_index.csv",
    "evaluate/metrics.json",
    "units/information.csv",
    "units/patches.csv",
    "tree/linkage.csv",
    "tree/centroids.csv",
    "novelty/images.csv",
)


def lines_in(path):
    return path.read_bytes().count(b"\n") if path.exists() else 0


def has_lines(path, least):
    return lines_in(path) >= least


def bytes_of(root):
    """Every result, with the arrays of `explain` chunk by chunk."""
    names = [*RESULTS, *(path.relative_to(root) for path in root.glob("explain/*.zarr/**/*"))]
    return {str(name): (root / name).read_bytes() for name in names if (root / name).is_file()}


def newest_checkpoint(root):
    return max(int(path.name) for path in (root / "checkpoints").iterdir())


def assert_same_results(root, undisturbed):
    found, expected = bytes_of(root), bytes_of(undisturbed)
    assert set(found) == set(expected)
    assert set(RESULTS) < set(found)
    assert [name for name in expected if found[name] != expected[name]] == []
    assert newest_checkpoint(root) == newest_checkpoint(undisturbed)
    assert not [path.name for path in root.iterdir() if path.name.endswith((".tmp", ".old"))]


def study(root, tiny_source, config_file):
    return ["study", config_file, f"--workdir={root}", f"--source={tiny_source}"]


def kill_and_finish(words, moments, root, undisturbed, log):
    killed = [kill_when(start_camtrap(*words, log=log), is_time) for is_time in moments]
    assert camtrap(*words, log=log) == 0, log.read_text()
    assert_same_results(root, undisturbed)
    return killed


def test_a_study_killed_in_training_and_in_explaining(tiny_run, tiny_source, config_file, tmp_path):
    root = tmp_path / "run"
    log = root / "train" / "metrics.jsonl"
    draw = random.Random(0)
    moments = [
        lambda: lines_in(log) >= draw.randint(1, 4),  # before or at the first checkpoint
        lambda: lines_in(log) >= 10,
        (root / "explain" / "index.csv").exists,
        after(draw.random() / 2, (root / "explain" / "started.json").exists),
    ]
    words = study(root, tiny_source, config_file)
    killed = kill_and_finish(words, moments, root, tiny_run, tmp_path / "log")
    assert killed[:3] == [True, True, True]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12))
def test_a_study_killed_at_random_moments(tiny_run, tiny_source, config_file, tmp_path, seed):
    draw = random.Random(seed)
    root = tmp_path / "run"
    moments = [after(draw.uniform(0.2, 12), lambda: True) for _ in range(5)]
    words = study(root, tiny_source, config_file)
    kill_and_finish(words, moments, root, tiny_run, tmp_path / "log")


@pytest.mark.slow
def test_a_training_by_onednn_goes_on_bit_by_bit(tiny_dataset, config_file, tmp_path):
    """With one device oneDNN convolves; the processes of the other tests have several."""

    def start(root):
        words = ["train", config_file, f"--dataset={tiny_dataset}", f"--workdir={root}"]
        env = {"JAX_COMPILATION_CACHE_DIR": "", "ONEDNN_VERBOSE": "1"}
        return joint_processes.start_together(words, [root.with_suffix(".log")], **env)

    undisturbed, root = tmp_path / "undisturbed", tmp_path / "run"
    assert joint_processes.finish(start(undisturbed)) == [0]
    assert "exec,cpu,convolution" in undisturbed.with_suffix(".log").read_text()
    for least in (3, 12):
        processes = start(root)
        is_time = functools.partial(has_lines, root / "train" / "metrics.jsonl", least)
        joint_processes.wait_until(processes, is_time)
        joint_processes.kill(processes)
    assert joint_processes.finish(start(root)) == [0]
    for name in ("weights.safetensors", "train/metrics.jsonl"):
        assert (root / name).read_bytes() == (undisturbed / name).read_bytes()


@pytest.mark.parametrize("delay_sec", [0.0, 0.02])
def test_a_preparation_that_is_killed_leaves_no_dataset(
    tiny_source, tiny_dataset, config_file, tmp_path, delay_sec
):
    dataset = tmp_path / "dataset"
    words = ["prepare", config_file, f"--source={tiny_source}", f"--dataset={dataset}"]
    begun = after(delay_sec, lambda: any(tmp_path.glob(".dataset.*")))
    kill_when(start_camtrap(*words, log=tmp_path / "log"), begun)
    whole = dataset.exists()
    assert whole == (dataset / "prepare.json").exists()
    assert camtrap(*words, log=tmp_path / "log") == 0
    for name in ("manifest.csv", "classes.json", "failures.csv", "audit.json"):
        assert (dataset / name).read_bytes() == (tiny_dataset / name).read_bytes()
    assert len(DatasetFolder(dataset).manifest) == 44
    assert [path.name for path in tmp_path.glob(".dataset.*")] == []


def test_pictures_whose_drawing_was_killed_are_drawn_anew(tmp_path):
    output = tmp_path / "pictures"
    words = ["synthesize", f"--output={output}", "--images_per_species=10", "--image_size=96"]
    words += ["--num_cameras=3"]
    begun = after(0.3, lambda: any(tmp_path.glob(".pictures.*.tmp/images/**/*.jpg")))
    assert kill_when(start_camtrap(*words, log=tmp_path / "log"), begun)
    assert not output.exists()
    assert camtrap(*words, log=tmp_path / "log") == 0, (tmp_path / "log").read_text()
    truth = json.loads((output / "truth.json").read_text())
    assert all((output / "masks" / image["mask"]).exists() for image in truth["images"].values())
    assert [path.name for path in tmp_path.glob(".pictures.*")] == []


def test_results_of_a_killed_study_are_not_read_by_a_single_stage(tiny_run, config_file, tmp_path):
    root = shutil.copytree(tiny_run, tmp_path / "run")
    (root / "explain" / "stage.json").rename(root / "explain" / "started.json")
    shutil.rmtree(root / "tree")
    log = tmp_path / "log"
    assert camtrap("tree", f"--workdir={root}", log=log) == 1
    assert "camtrap explain" in log.read_text()
    assert not (root / "tree").exists()
