"""The stage that measures maps, held against numbers made one by one."""

import jax.numpy as jnp
import numpy as np
import pandas as pd
import pytest

from camtrap_jax.data.batches.augment import normalise
from camtrap_jax.explain import make_explainer
from camtrap_jax.explain.faithfulness import area_under, deletion_curve, pixel_importance
from camtrap_jax.explain.similarity import spearman
from camtrap_jax.models import load_weights
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, read_table
from camtrap_jax.study.attribution import method_settings
from camtrap_jax.study.network import build_network
from camtrap_jax.study.quality.conditions import groups_from_top
from camtrap_jax.study.quality.maps import noisy
from camtrap_jax.study.quality.sample import draw_sample, spread

METHODS = ("grad_cam", "guided_backprop", "integrated_gradients")
RANDOM = ("random_heatmap", "random_saliency")


@pytest.fixture(scope="module")
def measured(tiny_run):
    run = RunFolder(tiny_run)
    return run, draw_sample(run, run.config), read_table(tiny_run / "quality" / "images.csv")


def network_of(run):
    model = build_network(run.config, len(run.dataset.classes))
    return model, load_weights(run.weights, model)


def values_of(table, method, measure):
    return table.loc[table["method"] == method, measure].to_numpy(float)


def test_every_method_and_chance_is_measured_on_every_image(measured):
    run, sample, table = measured
    assert list(table["method"].unique()) == [*METHODS, *RANDOM]
    for _, part in table.groupby("method"):
        assert part["image_id"].tolist() == sample.images["image_id"].tolist()
    found = read_json(run.root / "explain" / "quality.json")
    assert found["images"] == len(sample.images) == 3  # all test images
    assert set(found["methods"]) == {*METHODS, *RANDOM}


def test_the_sample_takes_the_species_in_turn_and_no_image_twice(measured):
    run, sample, _ = measured
    assert set(sample.images["split"]) == {"test"}
    assert set(sample.images["species"]) == set(run.dataset.classes)
    assert [run.dataset.classes[one] for one in sample.labels] == sample.images["species"].tolist()
    species = ["kudu"] * 9 + ["nyala"] * 3 + ["oribi"]
    test = pd.DataFrame({"image_id": [f"{row:02d}" for row in range(13)], "species": species})
    for count, expected in ((3, (1, 1, 1)), (6, (3, 2, 1)), (11, (7, 3, 1)), (99, (9, 3, 1))):
        chosen = spread(test, count, seed=1)
        assert chosen["image_id"].is_unique
        counts = chosen["species"].value_counts()
        assert tuple(counts.get(name) for name in ("kudu", "nyala", "oribi")) == expected
    draws = {tuple(spread(test, 3, seed=seed)["image_id"]) for seed in range(9)}
    assert len(draws) > 1


def test_areas_and_similarities_are_those_of_single_images(measured):
    run, sample, table = measured
    model, variables = network_of(run)
    explain = make_explainer(
        model, variables, outputs=METHODS, settings=method_settings(run.config)
    )
    images = normalise(jnp.asarray(sample.pixels))
    settings = run.config.quality
    changed = noisy(np.asarray(images), noise=settings.noise, seed=settings.seed)
    size = images.shape[1:3]

    def importance(image, target, name):
        return pixel_importance(explain(image[None], target)._asdict()[name], size)

    for row, image in enumerate(images):
        target = explain(image[None]).targets
        for name in METHODS:
            mine = importance(image, target, name)
            other = importance(image, jnp.array([-2]), name)
            with_noise = importance(jnp.asarray(changed[row]), target, name)
            curve = deletion_curve(
                lambda x: model.apply(variables, x).logits, image[None], mine, target, steps=2
            )
            expected = {
                "class_similarity": spearman(mine, other)[0],
                "noise_similarity": spearman(mine, with_noise)[0],
                "deletion_auc": area_under(curve)[0],
            }
            for measure, value in expected.items():
                found = values_of(table, name, measure)[row]
                np.testing.assert_allclose(found, value, atol=2e-3, err_msg=f"{name} {measure}")


def test_means_and_intervals_are_of_the_images_that_have_a_number(measured):
    run, _, table = measured
    methods = read_json(run.root / "explain" / "quality.json")["methods"]
    for method, measures in methods.items():
        for measure, found in measures.items():
            values = values_of(table, method, measure)
            values = values[~np.isnan(values)]
            assert found["images"] == len(values)
            if not len(values):
                assert found["value"] is found["low"] is found["high"] is None
                continue
            np.testing.assert_allclose(found["value"], values.mean(), rtol=1e-5)
            assert found["low"] <= found["value"] + 1e-9
            assert found["value"] <= found["high"] + 1e-9
    means = read_table(run.root / "quality" / "methods.csv").set_index("method")
    assert means.loc["grad_cam", "deletion_auc"] == pytest.approx(
        methods["grad_cam"]["deletion_auc"]["value"]
    )


def test_without_boxes_and_masks_no_place_is_measured(measured):
    _, _, table = measured
    assert table["pointing_game"].isna().all()
    assert table["mass_in_box"].isna().all()
    assert "mass_in_mask" not in table


def test_layers_are_forgotten_from_the_head_to_the_image(measured):
    run, _, table = measured
    cascade = read_table(run.root / "quality" / "cascade.csv")
    groups = list(groups_from_top(network_of(run)[1]["params"]))
    assert groups == ["head", *(f"stage {stage}" for stage in (5, 4, 3, 2, 1))]
    assert cascade["forgotten"].unique().tolist() == groups
    last = cascade.loc[cascade["forgotten"] == "stage 1"].set_index("method")
    expected = table.groupby("method")["randomisation_similarity"].mean()
    for name in METHODS:
        found = last.loc[name, "randomisation_similarity"]
        assert (
            found == pytest.approx(expected[name], abs=1e-6)
            or np.isnan([found, expected[name]]).all()
        )


def test_integrated_gradients_alone_have_a_gap(measured):
    _, _, table = measured
    has_gap = table.groupby("method")["completeness_gap"].apply(lambda one: one.notna().all())
    assert has_gap[has_gap].index.tolist() == ["integrated_gradients"]
