"""What the recipe of a training may hold beside the plain one, through whole trainings."""

import json
import shutil

import jax.numpy as jnp
import numpy as np
import pytest
import safetensors.numpy
from reference.edited_dataset import change_manifest
from reference.tiny_study import tiny_config

from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.data.batches.order import shuffled_rows
from camtrap_jax.data.batches.pipeline import read_pixels, train_rows
from camtrap_jax.data.manifest import class_labels
from camtrap_jax.models import load_weights
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.study import frozen_maps, training
from camtrap_jax.study.console import Silent
from camtrap_jax.study.network import build_network
from camtrap_jax.study.opening import open_run
from camtrap_jax.study.training import train_run


class StopError(Exception):
    """Stands for the end of a process."""


@pytest.fixture
def new_run(tiny_dataset, tmp_path):
    """Makes run folders that nothing was trained in."""

    def make(name, config):
        return open_run(tmp_path / name, DatasetFolder(tiny_dataset), config)

    return make


@pytest.fixture
def transfer_config(tiny_run):
    """Settings that start from another run's weights and freeze the whole trunk."""
    config = tiny_config()
    config.model.init_from = str(tiny_run / "weights.safetensors")
    config.model.dropout = 0.0
    config.train.frozen_stages = 5
    config.train.epochs = 2
    return config


def tensors(root):
    return safetensors.numpy.load_file(root / "weights.safetensors")


def logged(root):
    text = (root / "train" / "metrics.jsonl").read_text()
    return [json.loads(line) for line in text.splitlines()]


def test_some_frozen_stages_keep_what_they_started_from(tiny_run, new_run, transfer_config):
    transfer_config.train.frozen_stages = 2
    transfer_config.train.weight_decay = 0.1
    transfer_config.train.average_decay = 0.5
    run = new_run("run", transfer_config)
    train_run(run, transfer_config, Silent())
    before, after = tensors(tiny_run), tensors(run.root)
    frozen = [f"features.{layer}." for layer in (0, 2, 5, 7)]  # conv1_1 to conv2_2
    for name, value in before.items():
        is_frozen = name.startswith(tuple(frozen))
        assert np.array_equal(after[name], value) == is_frozen, name


def test_reused_maps_are_those_of_the_images(tiny_run, new_run, transfer_config):
    """The whole frame first; then views that differ from it and from one another."""
    transfer_config.train.reused_views = 3
    run = new_run("run", transfer_config)
    dataset = run.dataset
    model = build_network(transfer_config, len(dataset.classes))
    variables = load_weights(tiny_run / "weights.safetensors", model)
    maps = frozen_maps.compute_frozen_maps(run, transfer_config, model, variables, Silent())
    rows = train_rows(dataset)
    pixels = np.stack([read_pixels(dataset, int(row), 32) for row in rows])
    expected = model.apply(variables, normalise(jnp.asarray(pixels)), method="trunk")
    found = [np.asarray(view.read().result(), np.float32) for view in maps.train]
    largest = float(np.abs(expected).max())
    np.testing.assert_allclose(found[0], expected, atol=1e-3 * largest)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(found[one] - found[other]).max() > 0.01 * largest
        correlation = np.corrcoef(found[one].ravel(), found[other].ravel())[0, 1]
        assert correlation > 0.5, "a view is of another image"


def test_training_on_reused_maps_sees_the_images_in_their_order(tiny_run, new_run, transfer_config):
    """The logged losses are those of the plain images under the head as it was then."""
    transfer_config.train.reused_views = 1
    transfer_config.train.head_learning_rate = 0.0
    run = new_run("run", transfer_config)
    train_run(run, transfer_config, Silent())
    dataset = run.dataset
    model = build_network(transfer_config, len(dataset.classes))
    variables = load_weights(tiny_run / "weights.safetensors", model)
    rows = train_rows(dataset)
    labels = class_labels(dataset.manifest, dataset.classes)[rows]
    losses = [line["loss"] for line in logged(run.root) if "loss" in line]
    for step in (0, 3, len(losses) - 1):
        images = shuffled_rows(np.arange(len(rows)), seed=0, start=8 * step, count=8)
        pixels = np.stack([read_pixels(dataset, int(row), 32) for row in rows[images]])
        logits = model.apply(variables, normalise(jnp.asarray(pixels))).logits
        probabilities = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
        expected = -np.log(probabilities[np.arange(8), labels[images]]).mean()
        assert losses[step] == pytest.approx(expected, rel=2e-3, abs=1e-4)
    assert not (run.root / "train" / "maps").exists()


def test_a_training_on_reused_maps_that_was_killed_ends_with_the_same_bytes(
    tiny_run, new_run, transfer_config, monkeypatch
):
    transfer_config.train.reused_views = 2
    transfer_config.train.class_balance = "sampling"
    transfer_config.explain.batch_size = 8
    whole, parts = new_run("whole", transfer_config), new_run("parts", transfer_config)
    train_run(whole, transfer_config, Silent())
    real, computed = frozen_maps.eval_batches, []

    def interrupted(*arguments, **settings):
        for batch in real(*arguments, **settings):
            computed.append(batch)
            if len(computed) == 4:
                raise StopError
            yield batch

    monkeypatch.setattr(frozen_maps, "eval_batches", interrupted)
    with pytest.raises(StopError):
        train_run(parts, transfer_config, Silent())
    train_run(parts, transfer_config, Silent())
    assert (parts.root / "weights.safetensors").read_bytes() == (
        whole.root / "weights.safetensors"
    ).read_bytes()


def test_the_weights_are_those_of_the_best_evaluation_if_wanted(new_run, monkeypatch):
    """The second of three epochs is made the best; its checkpoint has to be what is saved."""
    config = tiny_config()
    config.train.final_weights = "best"
    config.train.tensorboard = True
    seen = []

    def evaluated(eval_step, variables, batches, mesh):
        del eval_step, mesh
        batches.close()
        seen.append(np.asarray(variables["params"]["fc8"]["bias"]))
        accuracy = (0.2, 0.9, 0.5)[len(seen) - 1]
        return {"val_loss": 1.0, "val_accuracy": accuracy, "val_mean_species_accuracy": accuracy}

    monkeypatch.setattr(training, "evaluate_split", evaluated)
    run = new_run("run", config)
    train_run(run, config, Silent())
    np.testing.assert_array_equal(tensors(run.root)["classifier.6.bias"], seen[1])
    assert not np.array_equal(seen[1], seen[2])
    assert len(list((run.root / "train" / "tensorboard").iterdir())) == 1


@pytest.mark.parametrize("setting", [{"patience": 2}, {"final_weights": "best"}])
def test_what_needs_validation_images_says_so(tiny_dataset, tmp_path, setting):
    config = tiny_config()
    for name, value in setting.items():
        setattr(config.train, name, value)
    dataset = shutil.copytree(tiny_dataset, tmp_path / "dataset")
    change_manifest(dataset, lambda table: table.replace(",val,", ",test,"))
    run = open_run(tmp_path / "run", DatasetFolder(dataset), config)
    with pytest.raises(ValueError, match=r"train\.patience.*split=val.*manifest\.csv"):
        train_run(run, config, Silent())


def test_a_checkpoint_of_another_run_is_refused(tiny_run, new_run):
    config = tiny_config()
    config.train.momentum = 0.8
    run = new_run("run", config)
    shutil.copytree(tiny_run / "checkpoints", run.root / "checkpoints")
    with pytest.raises(ValueError, match=r"other settings \(train\.momentum: 0\.9 -> 0\.8\)"):
        train_run(run, config, Silent())
