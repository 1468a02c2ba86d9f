import json
import shutil

import numpy as np
import pytest
import safetensors.numpy
from reference.edited_dataset import change_manifest
from reference.narrow_networks import random_variables
from reference.small_network import assert_same_bits
from reference.tiny_study import tiny_config

from camtrap_jax.models import make_model, save_weights
from camtrap_jax.models.weights import start_from
from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.store import write_json
from camtrap_jax.study import training
from camtrap_jax.study.console import Silent
from camtrap_jax.study.opening import open_run
from camtrap_jax.study.training import initial_variables, train_run


class StopError(Exception):
    """Stands for the end of a process."""


class StoppingConsole(Silent):
    """Ends a training after some steps of eight images."""

    def __init__(self, step):
        self._step = step

    def progress(self, label, unit="images"):
        del label, unit

        def move(done, total, note=""):
            del total, note
            if done >= 8 * self._step:
                raise StopError

        return move


@pytest.fixture
def new_run(tiny_dataset, tmp_path):
    """Makes run folders that nothing was trained in."""

    def make(name, config):
        return open_run(tmp_path / name, DatasetFolder(tiny_dataset), config)

    return make


def logged(root):
    text = (root / "train" / "metrics.jsonl").read_text()
    return [json.loads(line, parse_constant=pytest.fail) for line in text.splitlines()]


def weights(root):
    return (root / "weights.safetensors").read_bytes()


@pytest.mark.parametrize("step", [3, 6, 13])
def test_a_stopped_training_goes_on_as_if_it_had_never_stopped(tiny_run, new_run, step):
    """Images, their order, crops, colours, dropout, momentum and the log, bit for bit."""
    config = tiny_config()
    run = new_run("run", config)
    with pytest.raises(StopError):
        train_run(run, config, StoppingConsole(step))
    assert not (run.root / "weights.safetensors").exists()
    train_run(run, config, Silent())
    assert weights(run.root) == weights(tiny_run)
    logs = [(root / "train" / "metrics.jsonl").read_bytes() for root in (run.root, tiny_run)]
    assert logs[0] == logs[1]


@pytest.mark.slow  # the compiler takes a minute
def test_a_resnet_goes_on_with_the_statistics_of_its_batchnorms(new_run):
    config = tiny_config()
    config.model.name, config.train.epochs = "resnet50", 1
    config.train.checkpoint_every_steps = 2
    whole, parts = new_run("whole", config), new_run("parts", config)
    train_run(whole, config, Silent())
    with pytest.raises(StopError):
        train_run(parts, config, StoppingConsole(4))
    train_run(parts, config, Silent())
    found = safetensors.numpy.load_file(parts.root / "weights.safetensors")
    assert np.abs(found["layer4.2.bn3.running_mean"]).max() > 0
    assert weights(parts.root) == weights(whole.root)


def test_the_seed_changes_the_network():
    kernels = []
    for seed in (0, 1):
        config = tiny_config()
        config.train.seed = seed
        variables = initial_variables(training.build_network(config, 3), config)
        kernels.append(variables["params"]["conv1_1"]["kernel"])
    assert not np.array_equal(*kernels)


def test_every_epoch_is_evaluated_and_every_step_logged(tiny_run):
    lines = logged(tiny_run)
    num_images = int((RunFolder(tiny_run).dataset.manifest["split"] == "train").sum())
    per_epoch = -(-num_images // 8)
    assert [line["step"] for line in lines if "loss" in line] == [*range(1, 3 * per_epoch + 1)]
    validation = [line["step"] for line in lines if "val_accuracy" in line]
    assert validation == [per_epoch, 2 * per_epoch, 3 * per_epoch]
    assert {"val_loss", "val_mean_species_accuracy", "epoch"} <= set(lines[-1])


def test_the_last_checkpoint_is_of_the_last_step(tiny_run):
    steps = sorted(int(path.name) for path in (tiny_run / "checkpoints").iterdir())
    lines = logged(tiny_run)
    assert steps[-1] == lines[-1]["step"]
    assert len(steps) == 2


@pytest.mark.parametrize("balance", ["loss", "sampling"])
def test_balance_reaches_the_training_and_a_stopped_one_goes_on(balance, tiny_run, new_run):
    """And with it the other settings of the recipe that the default leaves off."""
    config = tiny_config()
    config.train.class_balance = balance
    config.train.label_smoothing = 0.1
    config.train.accumulate_steps = 2
    config.train.decay_biases_and_norms = False
    config.train.checkpoint_every_steps = 5
    whole, parts = new_run("whole", config), new_run("parts", config)
    train_run(whole, config, Silent())
    with pytest.raises(StopError):
        train_run(parts, config, StoppingConsole(7))
    train_run(parts, config, Silent())
    assert weights(parts.root) == weights(whole.root)
    assert weights(whole.root) != weights(tiny_run)


def test_weighted_species_count_alike(tiny_dataset):
    dataset = DatasetFolder(tiny_dataset)
    found = training.class_weights(dataset)
    train = dataset.manifest.loc[dataset.manifest["split"] == "train", "species"]
    counts = np.array([(train == name).sum() for name in dataset.classes])
    np.testing.assert_allclose(found * counts, len(train) / len(dataset.classes))


def test_a_batch_that_the_devices_cannot_share_is_refused_with_the_next_size(new_run):
    config = tiny_config()
    config.train.batch_size = 6
    with pytest.raises(ValueError, match=r"multiple of the 4 devices, got 6; .*batch_size=8"):
        train_run(new_run("run", config), config, Silent())


def test_without_validation_images_the_log_says_null(tiny_dataset, tmp_path, new_run):
    config = tiny_config()
    dataset = shutil.copytree(tiny_dataset, tmp_path / "dataset")
    change_manifest(dataset, lambda table: table.replace(",val,", ",test,"))
    run = open_run(tmp_path / "run", DatasetFolder(dataset), config)
    train_run(run, config, Silent())
    assert logged(run.root)[-1]["val_accuracy"] is None


def test_a_frozen_trunk_keeps_the_weights_it_started_from(tiny_run, new_run):
    config = tiny_config()
    config.model.init_from = str(tiny_run / "weights.safetensors")
    config.train.frozen_stages, config.train.epochs, config.train.weight_decay = 5, 1, 0.1
    run = new_run("run", config)
    train_run(run, config, Silent())
    before = safetensors.numpy.load_file(tiny_run / "weights.safetensors")
    after = safetensors.numpy.load_file(run.root / "weights.safetensors")
    for name, value in before.items():
        assert np.array_equal(after[name], value) == name.startswith("features."), name


def test_a_continued_training_needs_the_file_no_more_that_it_started_from(
    tiny_run, new_run, tmp_path
):
    start = shutil.copy(tiny_run / "weights.safetensors", tmp_path / "start.safetensors")
    config = tiny_config()
    config.model.init_from, config.train.epochs = str(start), 1
    run = new_run("run", config)
    train_run(run, config, Silent())
    before = (run.root / "weights.safetensors").read_bytes()
    (run.root / "weights.safetensors").unlink()
    start.unlink()
    train_run(run, config, Silent())
    assert (run.root / "weights.safetensors").read_bytes() == before


def test_a_start_from_other_weights_takes_them_all_but_what_is_drawn_anew(tiny_run):
    config = tiny_config()
    config.model.init_from = str(tiny_run / "weights.safetensors")
    variables = initial_variables(training.build_network(config, 3), config)
    save = tiny_run.parent / "copy.safetensors"
    save_weights(save, variables)
    assert_same_bits(
        safetensors.numpy.load_file(save),
        safetensors.numpy.load_file(tiny_run / "weights.safetensors"),
    )


@pytest.mark.parametrize(
    ("content", "error", "part"),
    [
        (None, FileNotFoundError, "no such file of weights"),
        (b"no weights", ValueError, r"expected \.safetensors, \.npz or \.pth"),
        (b"PK\x03\x04 broken", ValueError, r"expected \.safetensors, \.npz or \.pth"),
    ],
)
def test_weights_to_start_from_that_cannot_be_read_are_an_error(tmp_path, content, error, part):
    config = tiny_config()
    config.model.init_from = str(tmp_path / "weights.npz")
    if content:
        (tmp_path / "weights.npz").write_bytes(content)
    with pytest.raises(error, match=part):
        initial_variables(training.build_network(config, 3), config)


def test_weights_of_another_width_are_an_error_that_names_the_layer(tiny_run):
    wider = random_variables(make_model("vgg16", num_classes=3, width=0.1))
    with pytest.raises(ValueError, match=r"features\.0\.bias has shape.*model\.width"):
        start_from(tiny_run / "weights.safetensors", wider)


def test_a_diverging_training_is_an_error_and_leaves_no_weights(new_run):
    config = tiny_config()
    config.train.learning_rate = config.train.head_learning_rate = 1e30
    config.train.checkpoint_every_steps = 1
    run = new_run("run", config)
    with pytest.raises(FloatingPointError, match=r"--config\.train\.learning_rate"):
        train_run(run, config, Silent())
    assert not (run.root / "weights.safetensors").exists()


def test_a_run_folder_of_nothing_is_no_run(tmp_path):
    write_json(tmp_path / "config.json", {})
    with pytest.raises(FileNotFoundError, match="camtrap train"):
        _ = RunFolder(tmp_path).dataset
