import json
import shutil

import numpy as np
import pytest
import safetensors
import safetensors.numpy

from camtrap_jax.models.tensor_files import read_tensors
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, read_table
from camtrap_jax.study.classifier import classifier_of_run
from camtrap_jax.study.classifier_file import load_classifier, open_classifier, save_classifier


@pytest.fixture(scope="module")
def classifier(tiny_run):
    return classifier_of_run(RunFolder(tiny_run))


@pytest.fixture
def saved(classifier, tmp_path):
    save_classifier(tmp_path / "net.camtrap", classifier)
    return tmp_path / "net.camtrap"


def rewritten(path, change):
    """Changes what a file says about its network."""
    with safetensors.safe_open(path, "np") as stream:
        described = json.loads(stream.metadata()["camtrap_jax"])
    change(described)
    tensors = safetensors.numpy.load_file(path)
    safetensors.numpy.save_file(tensors, path, {"camtrap_jax": json.dumps(described)})
    return path


def test_its_numbers_are_those_of_evaluate_novelty_and_tree(classifier, tiny_run):
    facts = classifier.facts
    novelty = read_json(tiny_run / "novelty" / "novelty.json")
    assert facts.threshold == novelty["threshold"]["value"]
    assert facts.scale == novelty["scale"]
    assert facts.temperature == read_json(tiny_run / "evaluate" / "metrics.json")["temperature"]
    tree = read_table(tiny_run / "tree" / "centroids.csv").set_index("species")
    known = tree.loc[list(facts.classes)].drop(columns=["role", "images"])
    np.testing.assert_allclose(classifier.centroids, known.to_numpy(float), rtol=1e-5)


def test_a_run_needs_no_dataset(classifier, tiny_run, tmp_path):
    ignore = shutil.ignore_patterns("dataset")
    alone = shutil.copytree(tiny_run, tmp_path / "run", ignore=ignore)
    assert not (alone / "dataset").exists()
    copied = open_classifier(alone)
    assert copied.facts == classifier.facts
    assert copied.digest() == classifier.digest()


def test_a_run_of_before_has_its_species_in_the_dataset(classifier, tiny_run, tmp_path):
    old = shutil.copytree(tiny_run, tmp_path / "run")
    (old / "classes.json").unlink()
    assert open_classifier(old).facts == classifier.facts


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("config.json", "run `camtrap train` first"),
        ("train/stage.json", "run `camtrap train` first"),
        ("explain/stage.json", "run `camtrap explain` first"),
    ],
)
def test_what_is_missing_is_named(tiny_run, tmp_path, name, part):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    (run / name).unlink()
    with pytest.raises((FileNotFoundError, ValueError), match=part):
        open_classifier(run)


def test_one_file_gives_the_same_classifier(classifier, saved):
    read = open_classifier(saved)
    assert read.facts == classifier.facts
    assert read.digest() == classifier.digest()
    np.testing.assert_array_equal(read.centroids, classifier.centroids, strict=True)


def test_the_same_classifier_is_the_same_file_and_another_is_kept(classifier, saved, tiny_run):
    before = saved.read_bytes()
    save_classifier(saved, classifier)
    assert saved.read_bytes() == before
    rewritten(saved, lambda described: described["facts"].update(scale=7.0))
    with pytest.raises(FileExistsError, match="--overwrite replaces it"):
        save_classifier(saved, classifier)
    save_classifier(saved, classifier, overwrite=True)
    assert saved.read_bytes() == before


def test_the_network_in_the_file_is_the_run_s_under_torchvision_s_names(saved, tiny_run):
    tensors, weights = read_tensors(saved), read_tensors(tiny_run / "weights.safetensors")
    assert set(tensors) == {*weights, "centroids"}
    for name, value in weights.items():
        np.testing.assert_array_equal(tensors[name], value, err_msg=name, strict=True)


def test_numbers_that_a_run_does_not_have_survive_as_json_null(saved):
    rewritten(saved, lambda described: described["facts"].update(temperature=None, threshold=None))
    read = load_classifier(saved)
    assert np.isnan(read.facts.temperature)
    assert np.isnan(read.facts.threshold)
    assert not read.is_calibrated
    logits = np.array([[1.0, 0.0, 2.0]])
    expected = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(read.probabilities(logits), expected)


def test_probabilities_are_calibrated(classifier):
    logits = np.array([[1.0, 0.0, 2.0]])
    scaled = np.exp(logits / classifier.facts.temperature)
    np.testing.assert_allclose(classifier.probabilities(logits), scaled / scaled.sum())


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (lambda d: d.update(format_version=2), "format version 2, written by camtrap_jax"),
        (lambda d: d["facts"].pop("scale"), "damaged: .*scale"),
        (lambda d: d["facts"].update(width=0.1), "has shape"),
        (lambda d: d["facts"].update(classes=["kudu", "nyala"]), "shape"),
        (lambda d: d["facts"].update(network="alexnet"), "alexnet"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(saved, change, part):
    rewritten(saved, change)
    with pytest.raises(ValueError, match=part) as caught:
        load_classifier(saved)
    assert str(saved) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_files_are_refused(saved, tiny_run, tmp_path):
    with pytest.raises(FileNotFoundError, match="no such file or run folder"):
        open_classifier(tmp_path / "absent")
    (tmp_path / "x.camtrap").write_bytes(saved.read_bytes()[:1000])
    with pytest.raises(ValueError, match=r"expected a run folder or a \.camtrap file"):
        open_classifier(tmp_path / "x.camtrap")
    with pytest.raises(ValueError, match="camtrap weights --workdir=RUN --export="):
        open_classifier(tiny_run / "weights.safetensors")
