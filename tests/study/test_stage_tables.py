"""The four stages on a made-up run: what they write, and what they must not depend on."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from reference.fabricated_run import MAP_HW, NAMES, fabricate_run, small_config

from camtrap_jax import units
from camtrap_jax.store import create_array, read_json, read_table
from camtrap_jax.study.evaluation import evaluate_run
from camtrap_jax.study.novelty import measure_novelty
from camtrap_jax.study.sample import sampled_rows
from camtrap_jax.study.tree import build_tree
from camtrap_jax.study.units import find_units
from camtrap_jax.study.units.patches import patch_name, species_slugs

STAGES = {
    "evaluate": evaluate_run,
    "units": find_units,
    "tree": build_tree,
    "novelty": measure_novelty,
}
METRICS = ",".join(
    f"{name},{name}_low,{name}_high"
    for name in ("auroc", "fpr95", "fpr95_out", "aupr_in", "aupr_out")
)
COLUMNS = {
    "evaluate/per_species.csv": "species,images,accuracy,low,high",
    "evaluate/predictions.csv": "image_id,species,predicted,probability,margin,entropy,camera,"
    "sequence",
    "evaluate/per_camera.csv": "camera,images,accuracy,low,high,day_images,day_accuracy,"
    "night_images,night_accuracy,unknown_images",
    "evaluate/per_light.csv": "light,images,accuracy,low,high,mean_species_accuracy",
    "evaluate/sequences.csv": "camera,sequence,species,images,predicted,probability,"
    "probability_species,labels,image_id",
    "evaluate/confused_pairs.csv": "species,predicted,images,share,distance,distance_rank",
    "evaluate/suspected_labels.csv": "image_id,filepath,split,camera,sequence,species,suggested,"
    "score,neighbours_species,neighbours_suggested,predicted,probability_species,"
    "probability_suggested",
    "evaluate/reliability.csv": "probabilities,bin,low,high,images,confidence,accuracy,"
    "accuracy_low,accuracy_high",
    "units/information.csv": "unit,species,nats,nats_corrected,sign,p_value,q_value,"
    "nats_neighbours,low,high,nats_given_camera",
    "units/top_units.csv": "species,rank,unit,nats,sign,camera_purity,nats_corrected,p_value,"
    "patches,cameras,q_value,nats_neighbours,low,high,top_share,burst_purity,nats_given_camera,"
    "verdict",
    "units/background.csv": "unit,verdict,fixed_place,background_share,camera_nats,camera,"
    "camera_given_species,camera_by_chance,camera_p_value,species_given_camera,species_by_chance,species_p_value,"
    "outside_box,outside_by_chance,boxed_images",
    "units/species.csv": "species,units,nats_corrected,nats_given_camera,lost,top_share,overlap,"
    "background_units",
    "units/redundancy.csv": "species,unit,other,shared,share,joint,overlap",
    "units/patches.csv": "species,rank,unit,patch,image_id,x,y,size,response,camera",
    "tree/linkage.csv": "node,left,right,distance,leaves,support",
    "tree/linkage_with_unknown.csv": "node,left,right,distance,leaves,support",
    "tree/clusters.csv": "species,cluster,silhouette,group",
    "tree/placements.csv": "species,images,nearest_species,distance,joins,height,support",
    "tree/embedding.csv": "image_id,species,role,pca_x,pca_y,tsne_x,tsne_y",
    "novelty/unfamiliarity.csv": "species,role,mean,low,high,nearest_species,above_threshold",
    "novelty/images.csv": "image_id,species,unfamiliarity,nearest_species,msp,energy,mahalanobis,"
    "knn,max_logit,relative_mahalanobis,vim",
    "novelty/scores.csv": "score,known,known_images,known_bursts,unknown,unknown_images,"
    f"unknown_bursts,{METRICS}",
    "novelty/per_species.csv": f"score,species,images,bursts,{METRICS}",
    "novelty/near_far.csv": "species,kind,images,nearest_species,distance",
    "novelty/review.csv": "rank,image_id,filepath,camera,species,predicted,probability,"
    "unfamiliarity,above_threshold,nearest_species,thumbnail",
}


def gradient(dataset, row, size_px):
    """An image whose pixels tell where they are and whose image it is."""
    place = np.arange(size_px, dtype=np.uint8)
    x, y = np.meshgrid(place, place)
    return np.stack([x, y, np.full_like(x, row)], axis=-1)


@pytest.fixture(autouse=True)
def _no_records(monkeypatch):
    monkeypatch.setattr("camtrap_jax.study.units.patches.read_pixels", gradient)


def run_stages(run, config=None):
    for stage in STAGES.values():
        stage(run, config or small_config())
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("camtrap_jax.study.units.patches.read_pixels", gradient)
        return run_stages(fabricate_run(tmp_path_factory.mktemp("stages")))


@pytest.mark.parametrize("name", COLUMNS)
def test_columns_are_those_agreed_on(run, name):
    assert ",".join(read_table(run.root / name).columns) == COLUMNS[name]


def test_tables_cover_what_they_should(run):
    known = len(NAMES)
    index = run.index
    sizes = {name: len(read_table(run.root / name)) for name in COLUMNS}
    assert sizes["evaluate/predictions.csv"] == (index["split"] == "test").sum()
    assert sizes["evaluate/per_species.csv"] == known
    assert sizes["units/information.csv"] == known * run.array("unit_max").shape[1]
    assert sizes["novelty/unfamiliarity.csv"] == known + 2
    assert sizes["novelty/images.csv"] == index["split"].isin(["test", "unknown"]).sum()
    assert sizes["tree/linkage.csv"] == known - 1
    assert len(read_table(run.root / "tree/centroids.csv")) == known + 2


def test_metrics_agree_with_the_tables(run):
    metrics = read_json(run.root / "evaluate/metrics.json")
    predictions = read_table(run.root / "evaluate/predictions.csv")
    hits = predictions["species"] == predictions["predicted"]
    species = read_table(run.root / "evaluate/per_species.csv")
    assert metrics["overall_accuracy"]["value"] == hits.mean()
    assert metrics["mean_species_accuracy"]["value"] == pytest.approx(species["accuracy"].mean())
    for name in ("overall_accuracy", "mean_species_accuracy", "top5_accuracy", "ece"):
        found = metrics[name]
        assert found["low"] <= found["value"] <= found["high"]
    confusion = read_table(run.root / "evaluate/confusion_matrix.csv").set_index("species")
    assert list(confusion.columns) == list(confusion.index) == NAMES
    np.testing.assert_array_equal(confusion.sum(axis=1), species["images"])
    cameras = read_table(run.root / "evaluate/per_camera.csv")
    assert list(cameras["camera"]) == ["C1", "C2"]
    assert cameras["images"].sum() == (predictions["camera"] != "").sum()


def test_planted_units_are_found(run):
    top = read_table(run.root / "units/top_units.csv")
    best = top[top["rank"] == 1]
    assert list(best["species"]) == NAMES
    assert list(best["unit"]) == [0, 1, 2, 3]
    assert (top["sign"] == "+").all()
    assert not (top["unit"] == run.array("unit_max").shape[1] - 1).any()  # the constant unit
    information = read_table(run.root / "units/information.csv")
    joined = top.merge(information, on=["species", "unit"], suffixes=("", "_all"))
    pd.testing.assert_series_equal(joined["nats"], joined["nats_all"], check_names=False)


def test_patches_are_the_hottest_and_show_their_place(run):
    patches = read_table(run.root / "units/patches.csv")
    slugs = species_slugs(NAMES)
    index = run.index.set_index("image_id")
    position = dict(zip(run.dataset.manifest["image_id"], range(len(index)), strict=True))
    responses, cells = run.array("unit_max"), run.array("unit_cell")
    for (species, rank), group in patches.groupby(["species", "rank"]):
        of_species = index[(index["species"] == species) & (index["split"] == "train")]
        unit = group["unit"].iloc[0]
        hottest = np.sort(responses[of_species["row"], unit])[::-1][:9]
        hottest = hottest[hottest > 0]  # silent images show no patch
        np.testing.assert_allclose(group["response"], hottest, rtol=1e-6)
        assert list(group["patch"]) == list(range(1, len(group) + 1))
        for row in group.itertuples():
            cell = cells[index.loc[row.image_id, "row"], unit]
            x, y, size = units.patch_origin(cell, MAP_HW, 64, 60)
            assert (row.x, row.y, row.size) == (x, y, size)
            name = patch_name(slugs[species], rank, row.patch)
            pixels = np.asarray(Image.open(run.root / "units/patches" / name))
            assert pixels.shape == (size, size, 3)
            assert list(pixels[0, 0]) == [x, y, position[row.image_id]]
    assert len(list((run.root / "units/patches").iterdir())) == len(patches)


def test_tree_holds_known_and_unknown_species(run):
    summary = read_json(run.root / "tree/tree.json")
    assert sorted(summary["leaves"]) == sorted(summary["clusters"]) == sorted(NAMES)
    assert summary["images"] == dict.fromkeys(NAMES, 12)
    assert summary["species_with_fewer"] == NAMES
    assert summary["unknown"]["lion"]["distance"] > 0
    assert summary["unknown"]["unseen"] == {"nearest": None, "distance": None, "images": 0}
    joined = (run.root / "tree/tree_with_unknown.nwk").read_text(encoding="utf-8")
    assert "lion" in joined
    assert "unseen" not in joined
    assert "lion" not in (run.root / "tree/tree.nwk").read_text(encoding="utf-8")


def test_novelty_by_hand(run):
    table = read_table(run.root / "novelty/unfamiliarity.csv").set_index("species")
    images = read_table(run.root / "novelty/images.csv")
    novelty = read_json(run.root / "novelty/novelty.json")
    # With fewer test images than a round wants, every round draws all of them.
    for species in [*NAMES, "lion"]:
        own = images.loc[images["species"] == species, "unfamiliarity"]
        assert table.loc[species, "mean"] == pytest.approx(own.mean(), rel=1e-5)
        assert table.loc[species, "low"] == table.loc[species, "high"] == table.loc[species, "mean"]
    assert novelty["threshold"]["value"] == table.loc[NAMES, "mean"].max()
    assert novelty["threshold_species"] == table.loc[NAMES, "mean"].idxmax()
    assert str(table.loc["lion", "above_threshold"]) == "True"
    assert table.loc[NAMES, "above_threshold"].astype(str).eq("False").all()
    assert pd.isna(table.loc["unseen", "mean"])
    assert pd.isna(table.loc["unseen", "above_threshold"])
    assert table.loc["unseen", "nearest_species"] == ""
    assert (novelty["unknown_species"], novelty["unknown_above_threshold"]) == (1, 1)


def test_mean_species_accuracy_keeps_the_species_images(tmp_path):
    run = fabricate_run(tmp_path, counts={"train": 2, "val": 2, "test": 1})
    logits = run.array("logits")
    logits[(run.index["species"] == NAMES[1]) & (run.index["split"] == "test")] *= -1
    overwrite(run, "logits", logits)
    evaluate_run(run, small_config())
    metrics = read_json(run.root / "evaluate/metrics.json")
    found = metrics["mean_species_accuracy"]
    assert found == {"value": 0.75, "low": 0.75, "high": 0.75}
    assert metrics["overall_accuracy"]["low"] < 0.75 < metrics["overall_accuracy"]["high"]


def test_sampled_rows_keep_their_order():
    rows = np.arange(100, 50, -1)
    drawn = sampled_rows(rows, 20, [0])
    assert len(set(drawn.tolist())) == 20
    assert (np.diff(drawn) < 0).all()
    np.testing.assert_array_equal(sampled_rows(rows, 50, [0]), rows)


def test_rounds_spread_where_there_are_images_to_choose_from(tmp_path):
    run = fabricate_run(tmp_path, counts={"train": 5, "val": 0, "test": 30})
    measure_novelty(run, small_config())
    table = read_table(run.root / "novelty/unfamiliarity.csv").set_index("species").loc[NAMES]
    assert (table["low"] < table["mean"]).all()
    assert (table["mean"] < table["high"]).all()
    threshold = read_json(run.root / "novelty/novelty.json")["threshold_of_rounds"]
    assert len(set(threshold)) == small_config().novelty.rounds


def test_file_order_changes_no_number(run, tmp_path):
    """Rows are shuffled; images keep their ids, so draws and results stay."""
    shuffled = run_stages(fabricate_run(tmp_path, order_seed=5))
    for name in COLUMNS:
        before, after = read_table(run.root / name), read_table(shuffled.root / name)
        names = ("image_id", "species", "rank", "patch", "unit", "score", "known", "unknown")
        keys = [key for key in names if key in before]
        if keys:
            before, after = (t.sort_values(keys, ignore_index=True) for t in (before, after))
        pd.testing.assert_frame_equal(before, after, rtol=1e-4)


def test_a_species_draw_does_not_depend_on_the_others(tmp_path):
    config = small_config()
    config.tree.images_per_species = 6
    points = []
    for name in ("a", "b"):
        run = fabricate_run(tmp_path / name, counts={"train": 12, "val": 0, "test": 2})
        if name == "b":  # most images of the first species are gone
            index = read_table(run.root / "explain/index.csv").iloc[9:]
            index.to_csv(run.root / "explain/index.csv", index=False)
        build_tree(run, config)
        points.append(read_table(run.root / "tree/centroids.csv").set_index("species"))
    pd.testing.assert_frame_equal(points[0].loc[NAMES[1:]], points[1].loc[NAMES[1:]])
    assert (points[0].loc[NAMES[0]] != points[1].loc[NAMES[0]]).any()


def test_same_run_twice_gives_the_same_files(run, tmp_path):
    before = {p.relative_to(run.root): p.read_bytes() for p in files_of(run)}
    again = shutil.copytree(run.root, tmp_path / "run")
    run_stages(type(run)(again))
    after = {p.relative_to(again): p.read_bytes() for p in files_of(type(run)(again))}
    assert before == after


def overwrite(run, name, values):
    path = run.root / "explain" / f"{name}.zarr"
    create_array(path, values.shape, np.float32, rows_per_chunk=64)[...].write(values).result()


def files_of(run):
    return [p for name in STAGES for p in (run.root / name).rglob("*") if p.is_file()]


@pytest.mark.parametrize("known", [["a", "b"], ["a", "b", "c", "d", "e"]])
def test_no_unknown_species(tmp_path, known):
    run = run_stages(fabricate_run(tmp_path, known=known, unknown=[]))
    novelty = read_json(run.root / "novelty/novelty.json")
    assert novelty["scores"]["msp"]["auroc"] == {"value": None, "low": None, "high": None}
    assert novelty["unknown_above_threshold"] is None
    assert novelty["threshold"]["value"] > 0
    assert read_json(run.root / "tree/tree.json")["unknown"] == {}
    trees = [(run.root / "tree" / f"{name}.nwk").exists() for name in ("tree", "tree_with_unknown")]
    assert trees == [True, True]


def test_no_test_or_validation_images(tmp_path):
    run = run_stages(
        fabricate_run(tmp_path, counts={"train": 5, "val": 0, "test": 0}, unknown=["lion"])
    )
    metrics = read_json(run.root / "evaluate/metrics.json")
    for name in ("overall_accuracy", "mean_species_accuracy", "top5_accuracy", "ece"):
        assert metrics[name] == {"value": None, "low": None, "high": None}
    assert metrics["temperature"] is None
    assert (metrics["images"], metrics["species"]) == (0, 0)
    species = read_table(run.root / "evaluate/per_species.csv")
    assert species[["accuracy", "low", "high"]].isna().all(axis=None)
    assert read_json(run.root / "novelty/novelty.json")["threshold"]["value"] is None
    table = read_table(run.root / "novelty/unfamiliarity.csv").set_index("species")
    assert table.loc["lion", "mean"] > 0
    assert pd.isna(table.loc["lion", "above_threshold"])


def test_options_of_units(tmp_path):
    run = fabricate_run(tmp_path)
    config = small_config()
    config.units.permutations = 0
    config.units.any_sign = True
    config.units.response = "mean"
    find_units(run, config)
    information = read_table(run.root / "units/information.csv")
    assert information["p_value"].isna().all()
    assert (read_table(run.root / "units/top_units.csv")["sign"] == "-").any()


def test_a_failing_stage_leaves_the_old_results(tmp_path):
    run = run_stages(fabricate_run(tmp_path))
    before = {p: p.read_bytes() for p in files_of(run)}
    for name in ("logits", "features", "unit_max"):
        values = run.array(name)
        values[3] = np.nan
        overwrite(run, name, values)
    for stage in STAGES.values():
        with pytest.raises(ValueError, match=r"1 of .* rows are not finite, the first is row 3"):
            stage(run, small_config())
    assert {p: p.read_bytes() for p in files_of(run)} == before


def test_a_picture_that_fails_leaves_the_old_results(tmp_path, monkeypatch):
    run = run_stages(fabricate_run(tmp_path))
    before = {p: p.read_bytes() for p in files_of(run)}

    def broken(dataset, row, size_px):
        raise OSError("no such record")

    monkeypatch.setattr("camtrap_jax.study.units.patches.read_pixels", broken)
    with pytest.raises(OSError, match="no such record"):
        find_units(run, small_config())
    assert {p: p.read_bytes() for p in files_of(run)} == before
    assert not [p for p in run.root.iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize("stage", [find_units, build_tree, measure_novelty])
def test_a_known_species_without_training_images_is_refused(tmp_path, stage):
    run = fabricate_run(tmp_path)
    index = read_table(run.root / "explain/index.csv")
    gone = (index["species"] == NAMES[2]) & (index["split"] == "train")
    index[~gone].to_csv(run.root / "explain/index.csv", index=False)
    with pytest.raises(ValueError, match="has no training image"):
        stage(run, small_config())


def test_slugs_are_safe_and_different():
    names = ["Red Duiker", "red/duiker", "../..", "", "長頸鹿", "species", "CON", "a" * 300]
    slugs = species_slugs(names)
    assert list(slugs) == names
    assert len({slug.lower() for slug in slugs.values()}) == len(names)
    assert all(slug.replace("-", "").isalnum() and slug.isascii() for slug in slugs.values())
    assert max(map(len, slugs.values())) < 70
    assert slugs["Red Duiker"] == "red-duiker"
