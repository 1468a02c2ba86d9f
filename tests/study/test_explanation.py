import shutil

import jax.numpy as jnp
import numpy as np
import pytest
from reference.edited_dataset import change_manifest
from reference.tiny_study import tiny_config

from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.data.batches.pipeline import read_pixels
from camtrap_jax.explain import dataset as explain_dataset
from camtrap_jax.explain import make_explainer
from camtrap_jax.models import load_weights
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json
from camtrap_jax.study.console import Silent
from camtrap_jax.study.explanation import explain_run
from camtrap_jax.study.stages import run_stage
from camtrap_jax.study.training import build_network
from camtrap_jax.study.whole import run_study

EVERYWHERE = ("logits", "features", "unit_max", "unit_mean", "unit_cell", "grad_cam")
GUIDED = ("guided_backprop", "guided_grad_cam")


@pytest.fixture
def trained(tiny_run, tmp_path):
    """A copy of a run of which nothing is explained yet."""
    root = shutil.copytree(tiny_run, tmp_path / "run")
    shutil.rmtree(root / "explain")
    return RunFolder(root)


@pytest.fixture(scope="module")
def one_by_one(tiny_run):
    """Explains every image by itself, found by its id."""
    run = RunFolder(tiny_run)
    model = build_network(run.config, len(run.dataset.classes))
    explain = make_explainer(model, load_weights(run.root / "weights.safetensors", model))
    manifest = run.dataset.manifest
    found = {}
    for position, image_id in enumerate(manifest["image_id"]):
        pixels = read_pixels(run.dataset, position, run.config.model.image_size)
        found[image_id] = explain(normalise(jnp.asarray(pixels[None])))
    return found


def assert_rows_are(run, name, image_ids, one_by_one):
    stored = run.array(name)
    assert len(stored) == len(image_ids)
    expected = np.stack([np.asarray(getattr(one_by_one[image], name))[0] for image in image_ids])
    if name == "unit_cell":  # where two cells are equally hot, rounding decides
        assert (stored == expected).mean() > 0.95
        return
    rounding = 2e-3 if stored.dtype == np.float16 else 1e-4
    scale = np.abs(expected).max()
    assert scale > 0
    np.testing.assert_allclose(stored / scale, expected / scale, atol=rounding)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_every_row_is_the_image_that_the_index_names(tiny_run, one_by_one, name):
    run = RunFolder(tiny_run)
    assert_rows_are(run, name, run.index["image_id"], one_by_one)


@pytest.mark.parametrize("name", GUIDED)
def test_every_guided_map_is_of_the_image_that_its_index_names(tiny_run, one_by_one, name):
    run = RunFolder(tiny_run)
    assert_rows_are(run, name, run.maps_index["image_id"], one_by_one)


def test_the_gallery_shows_test_images_and_tells_what_the_maps_speak_of(tiny_run):
    run = RunFolder(tiny_run)
    shown = run.index.set_index("image_id").loc[run.maps_index["image_id"]]
    assert set(shown["split"]) == {"test"}
    assert len(set(shown.index)) == len(shown)
    assert set(shown["species"]) == set(run.dataset.classes)
    predicted = np.array(run.dataset.classes)[run.array("logits")[shown["row"]].argmax(1)]
    assert run.maps_index["target"].tolist() == predicted.tolist()


def test_what_is_stored_is_described(tiny_run):
    run = RunFolder(tiny_run)
    facts = read_json(tiny_run / "explain" / "explain.json")
    assert facts["images"] == len(run.index)
    assert facts["map_shape"] == list(run.array("grad_cam").shape[1:])
    assert run.array("unit_cell").max() < np.prod(facts["map_shape"])


def test_empty_and_excluded_images_are_left_out_and_rows_stay_right(trained, one_by_one):
    """The rows of the arrays are then no longer those of the manifest."""

    def without_splits(table):
        lines = table.splitlines()
        for number in (1, 7, 20):
            for split in ("train", "val", "test", "unknown"):
                lines[number] = lines[number].replace(f",{split},", ",,")
        return "\n".join(lines) + "\n"

    change_manifest(trained.dataset.root, without_splits)
    run = RunFolder(trained.root)
    explain_run(run, run.config, Silent())
    assert len(run.index) == len(one_by_one) - 3
    assert_rows_are(run, "logits", run.index["image_id"], one_by_one)


def test_all_images_may_have_guided_maps(trained, one_by_one):
    config = trained.config
    config.explain.images = "all"
    explain_run(trained, config, Silent())
    assert trained.maps_index["image_id"].tolist() == trained.index["image_id"].tolist()
    assert_rows_are(trained, "guided_grad_cam", trained.index["image_id"], one_by_one)


def test_the_true_class_of_an_unknown_species_is_the_predicted_one(trained):
    config = trained.config
    config.explain.images, config.explain.target = "all", "true"
    config.explain.maps = ("guided_backprop",)
    explain_run(trained, config, Silent())
    index, targets = trained.index, trained.maps_index["target"]
    known = (index["split"] != "unknown").to_numpy()
    assert targets[known].tolist() == index["species"][known].tolist()
    predicted = np.array(trained.dataset.classes)[trained.array("logits").argmax(1)]
    assert targets[~known].tolist() == predicted[~known].tolist()
    assert not trained.has_array("grad_cam")
    assert read_json(trained.root / "explain" / "explain.json")["map_shape"] == [2, 2]


def test_a_contrast_at_another_layer_is_of_the_true_class_against_the_predicted_one(trained):
    config = trained.config
    config.explain.maps = ("grad_cam", "gradient")
    config.explain.target, config.explain.layer = "contrast", "conv4_2"
    explain_run(trained, config, Silent())
    model = build_network(config, len(trained.dataset.classes))
    explain = make_explainer(
        model, load_weights(trained.weights, model), outputs=config.explain.maps, layer="conv4_2"
    )
    assert read_json(trained.root / "explain" / "explain.json")["map_shape"] == [4, 4]
    row = trained.index.set_index("image_id").loc[trained.maps_index["image_id"][0]]
    manifest, classes = trained.dataset.manifest, trained.dataset.classes
    position = int(np.flatnonzero(manifest["image_id"] == row.name)[0])
    pixels = read_pixels(trained.dataset, position, config.model.image_size)
    label = np.array([classes.index(row["species"])])
    expected = explain(normalise(jnp.asarray(pixels[None])), label, np.array([-1]))
    for name, place in (("grad_cam", int(row["row"])), ("gradient", 0)):
        found, wanted = trained.array(name)[place], np.asarray(expected._asdict()[name])[0]
        np.testing.assert_allclose(found, wanted, atol=4e-3 * np.abs(wanted).max(), err_msg=name)
    assert trained.maps_index["target"][0].startswith(f"{row['species']} - ")


def test_a_layer_that_there_is_not_is_refused_with_those_that_there_are(trained):
    config = trained.config
    config.explain.layer = "conv6_1"
    with pytest.raises(ValueError, match=r"expected one of conv1_1, .*conv5_3, got 'conv6_1'"):
        explain_run(trained, config, Silent())


@pytest.mark.parametrize("maps", [("grad_cam",), (), ("guided_backprop",)])
def test_a_study_goes_through_with_any_choice_of_maps(trained, tiny_source, maps):
    config = tiny_config()
    config.explain.maps = maps
    run_study(trained.root, config, Silent(), source=tiny_source)
    for name in ("grad_cam", *GUIDED):
        assert trained.has_array(name) == (name in maps)
    assert (trained.root / "report" / "index.html").exists()


def test_a_pass_that_was_stopped_goes_on_and_gives_the_same_bytes(trained, tiny_run, monkeypatch):
    monkeypatch.setattr(explain_dataset, "CHUNK_ROWS", 16)

    class StoppingConsole(Silent):
        def progress(self, label, unit="images"):
            del label, unit

            def move(done, total, note=""):
                del total, note
                if done >= 40:
                    raise KeyboardInterrupt

            return move

    config = trained.config
    with pytest.raises(KeyboardInterrupt):
        run_stage("explain", trained, config, StoppingConsole())
    # The second chunk was still being written.
    notes = read_json(trained.root / "explain" / ".images.0.json")
    assert notes == {"chunk_rows": 16, "chunks": [[0, 1]], "failures": {}}
    assert not (trained.root / "explain" / "stage.json").exists()
    done = []

    class CountingConsole(Silent):
        def progress(self, label, unit="images"):
            del unit
            return lambda rows, total, note="": done.append((label, rows))

    run_stage("explain", trained, config, CountingConsole())
    assert done[0] == ("explain images", 32)  # what was on disk is not computed again
    whole = RunFolder(tiny_run)
    for name in (*EVERYWHERE, *GUIDED):
        assert trained.array(name).tobytes() == whole.array(name).tobytes(), name
