"""The stage `novelty` on made-up arrays: scores, who is near, intervals, and the review list."""

import numpy as np
import pandas as pd
import pytest
import safetensors.numpy
from PIL import Image
from reference.fabricated_run import NAMES, fabricate_run, small_config
from reference.pictured_run import make_run
from reference.pictured_run import small_config as pictured_config
from reference.slow_novelty import slow_vim

from camtrap_jax import evaluation
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import create_array, read_json, read_table, write_table
from camtrap_jax.study.novelty import measure_novelty
from camtrap_jax.study.novelty.scores import SCORES
from camtrap_jax.study.unfamiliarity import round_means, training_reference

UNKNOWN = ["lion", "serval", "unseen"]
FITTED = ["unfamiliarity", "mahalanobis", "knn", "relative_mahalanobis", "vim"]


def overwrite(run, name, values):
    path = run.root / "explain" / f"{name}.zarr"
    create_array(path, values.shape, np.float32, rows_per_chunk=64)[...].write(values).result()


def run_with_head(root, **settings):
    """A run whose logits are what a last layer makes of its features."""
    run = fabricate_run(root, unknown=UNKNOWN, **settings)
    rng = np.random.default_rng(5)
    features = run.array("features")
    weight = rng.normal(size=(len(NAMES), features.shape[1])).astype(np.float32)
    weight += 3 * np.eye(*weight.shape, dtype=np.float32)
    bias = rng.normal(size=len(NAMES)).astype(np.float32)
    overwrite(run, "logits", features @ weight.T + bias)
    write_head(run, weight, bias)
    return run, weight, bias


def write_head(run, weight, bias):
    tensors = {"fc.weight": weight, "fc.bias": bias, "conv1.weight": np.zeros((4, 3, 7, 7))}
    safetensors.numpy.save_file(tensors, run.root / "weights.safetensors")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run, _, _ = run_with_head(tmp_path_factory.mktemp("novelty"))
    measure_novelty(run, small_config())
    return run


def images_of(run):
    return read_table(run.root / "novelty/images.csv")


def novelty_of(run):
    return read_json(run.root / "novelty/novelty.json")


def test_numbers_are_those_of_the_images(run):
    images = images_of(run).merge(run.index, on=["image_id", "species"])
    known = images["split"] == "test"
    kinds = read_table(run.root / "novelty/near_far.csv").set_index("species")["kind"]
    kinds = images["species"].map(kinds)
    trained = run.index.query("split == 'train' and sequence != ''")
    trained = set(zip(trained["camera"], trained["sequence"], strict=True))
    shared = [p in trained for p in zip(images["camera"], images["sequence"], strict=True)]
    chosen = {("all", "all"): (known, ~known), ("all", "near"): (known, kinds == "near")}
    chosen |= {("all", "far"): (known, kinds == "far")}
    chosen |= {("new_bursts", "all"): (known & ~np.array(shared), ~known)}
    chosen |= {name: (known, images["species"] == name) for name in UNKNOWN}
    groups = read_table(run.root / "novelty/scores.csv").set_index(["score", "known", "unknown"])
    species = read_table(run.root / "novelty/per_species.csv").set_index(["score", "species"])
    assert len(groups) == 4 * len(SCORES)
    assert len(species) == len(UNKNOWN) * len(SCORES)
    for score in SCORES:
        for name, (familiar, strange) in chosen.items():
            row = species.loc[score, name] if name in UNKNOWN else groups.loc[(score, *name)]
            expected = evaluation.detection_metrics(
                images.loc[familiar, score].to_numpy(), images.loc[strange, score].to_numpy()
            )
            assert row.iloc[0 if name in UNKNOWN else 2] == strange.sum()
            for metric, value in expected.items():
                assert row[metric] == pytest.approx(value, nan_ok=True)
                assert np.isnan(value) or row[f"{metric}_low"] <= row[f"{metric}_high"]
    assert species.loc["vim", "unseen"].drop(["images", "bursts"]).isna().all()


def test_the_json_says_what_the_tables_say(run):
    groups = read_table(run.root / "novelty/scores.csv").set_index(["score", "known", "unknown"])
    facts = novelty_of(run)
    for score, found in facts["scores"].items():
        for part, names in (
            (found, ("all", "all")),
            (found["near"], ("all", "near")),
            (found["far"], ("all", "far")),
            (found["new_bursts"], ("new_bursts", "all")),
        ):
            row = groups.loc[(score, *names)]
            for metric in evaluation.DETECTION_METRICS:
                columns = {"value": metric, "low": f"{metric}_low", "high": f"{metric}_high"}
                expected = {key: row[column] for key, column in columns.items()}
                assert part[metric] == pytest.approx(expected)
    new = facts["known_of_new_bursts"]
    row = groups.loc["msp", "new_bursts", "all"]
    assert 0 < new["images"] == row["known_images"] < facts["known_images"]
    assert 0 < new["bursts"] == row["known_bursts"] < new["images"]


def test_without_bursts_nobody_knows_which_are_new(tmp_path):
    run, _, _ = run_with_head(tmp_path)
    manifest = run.dataset.manifest.assign(sequence="")
    write_table(run.dataset.root / "manifest.csv", manifest)
    run = RunFolder(run.root)
    measure_novelty(run, small_config())
    facts = novelty_of(run)
    assert facts["known_of_new_bursts"] is None
    assert facts["scores"]["knn"]["new_bursts"]["auroc"]["value"] is None
    assert facts["scores"]["knn"]["auroc"]["low"] > 0
    assert len(read_table(run.root / "novelty/review.csv")) == len(images_of(run))


def test_shares_of_the_best_score_are_a_whole(run):
    shares = [score["best_share"] for score in novelty_of(run)["scores"].values()]
    assert sum(shares) == pytest.approx(1)


def test_vim_equals_every_eigenvector(tmp_path):
    run, weight, bias = run_with_head(tmp_path)
    config = small_config()
    config.novelty.vim_dim = 2
    measure_novelty(run, config)
    reference = training_reference(run, config)
    images = images_of(run)
    rows = run.explained.set_index("image_id").loc[images["image_id"], "row"].to_numpy()
    features, logits = run.array("features"), run.array("logits")
    trained = features[reference.rows], logits[reference.rows]
    expected = slow_vim(features[rows], logits[rows], *trained, weight=weight, bias=bias, dim=2)
    np.testing.assert_allclose(images["vim"], expected, rtol=1e-4, atol=1e-4)
    assert novelty_of(run)["vim"] == {"dim": 2, "missing": None}


@pytest.mark.parametrize("fault", ["no weights", "another layer", "another size", "all directions"])
def test_where_vim_is_undefined_it_is_empty_and_says_why(tmp_path, fault):
    run, weight, bias = run_with_head(tmp_path)
    config = small_config()
    match fault:
        case "no weights":
            (run.root / "weights.safetensors").unlink()
        case "another layer":
            write_head(run, weight, bias + 3)
        case "another size":
            write_head(run, weight[:, :-1].copy(), bias)
        case "all directions":
            config.novelty.vim_dim = 6
    measure_novelty(run, config)
    assert images_of(run)["vim"].isna().all()
    facts = novelty_of(run)
    assert facts["vim"]["missing"]
    assert facts["scores"]["vim"]["auroc"]["value"] is None
    assert facts["scores"]["vim"]["best_share"] is None
    assert facts["scores"]["knn"]["auroc"]["low"] > 0


def test_scores_are_fitted_to_training_images_alone(run, tmp_path):
    """Other test, validation and unknown images change no image's score."""
    other, _, _ = run_with_head(tmp_path)
    changed = other.explained.query("split != 'train'").index[::2].to_numpy()
    for name in ("features", "logits"):
        values = other.array(name)
        values[changed] = values[changed][::-1] * 3 + 1
        overwrite(other, name, values)
    measure_novelty(other, small_config())
    before, after = images_of(run), images_of(other)
    is_changed = before["image_id"].isin(other.explained.loc[changed, "image_id"])
    assert 0 < is_changed.sum() < len(before)
    pd.testing.assert_frame_equal(after[~is_changed], before[~is_changed])
    for name in FITTED:
        assert (after.loc[is_changed, name] != before.loc[is_changed, name]).all()


def test_features_are_never_read_whole(run, monkeypatch):
    read = RunFolder.array

    def array(self, name):
        assert name != "features"
        return read(self, name)

    monkeypatch.setattr(RunFolder, "array", array)
    measure_novelty(run, small_config())


def test_constant_features_leave_everything_empty(tmp_path):
    run, weight, bias = run_with_head(tmp_path)
    features = np.ones_like(run.array("features"))
    overwrite(run, "features", features)
    overwrite(run, "logits", features @ weight.T + bias)
    measure_novelty(run, small_config())
    names = [name for name in FITTED if name != "knn"]
    assert images_of(run)[names].isna().all(axis=None)
    facts = novelty_of(run)
    assert facts["scores"]["mahalanobis"]["auroc"] == {"value": None, "low": None, "high": None}
    assert facts["threshold"]["value"] is None
    assert facts["unknown_above_of_rounds"] == []
    assert read_table(run.root / "novelty/review.csv").empty


def move(run, species, target, offset=1.0):
    """Puts a species' images around the training images of another."""
    features, index = run.array("features"), run.explained
    own = (index["species"] == species).to_numpy()
    of_target = ((index["species"] == target) & (index["split"] == "train")).to_numpy()
    features[own] += features[of_target].mean(axis=0) - features[own].mean(axis=0) + offset
    overwrite(run, "features", features)


def test_near_is_the_half_that_lies_nearest_to_a_known_species(tmp_path):
    run, _, _ = run_with_head(tmp_path)
    move(run, "lion", NAMES[1])
    measure_novelty(run, small_config())
    table = read_table(run.root / "novelty/near_far.csv").set_index("species")
    assert table["kind"].to_dict() == {"lion": "near", "serval": "far", "unseen": "undecided"}
    assert table.loc["lion", "nearest_species"] == NAMES[1]
    assert table["images"].tolist() == [5, 5, 0]
    assert pd.isna(table.loc["unseen", "distance"])
    facts = novelty_of(run)["near_far"]
    assert (facts["near"], facts["far"]) == (["lion"], ["serval"])
    assert facts["limit"] == pytest.approx(table["distance"].median())
    assert facts["decided"].startswith("by the features")


def test_a_single_unknown_species_is_neither_near_nor_far(tmp_path):
    run = fabricate_run(tmp_path)
    measure_novelty(run, small_config())
    assert set(read_table(run.root / "novelty/near_far.csv")["kind"]) == {"undecided"}
    assert novelty_of(run)["near_far"]["limit"] is None


def test_near_species_can_be_named(tmp_path):
    run, _, _ = run_with_head(tmp_path)
    config = small_config()
    config.novelty.near = ("serval",)
    measure_novelty(run, config)
    facts = novelty_of(run)["near_far"]
    assert (facts["near"], facts["far"]) == (["serval"], ["lion", "unseen"])
    assert facts["decided"] == "named by novelty.near"
    assert facts["limit"] is None  # of two species with images there would be one


def test_near_species_that_are_none_are_refused(run):
    config = small_config()
    config.novelty.near = ("lion", "servall", NAMES[0])
    with pytest.raises(ValueError, match=r"lion, serval, unseen\), got 'servall', .*'serval'\?"):
        measure_novelty(run, config)


def test_each_round_has_its_own_threshold(tmp_path):
    """The lion looks like the species that sets the threshold, and is now above it, now not."""
    run = fabricate_run(tmp_path, counts={"train": 12, "val": 0, "test": 40}, num_unknown_images=40)
    measure_novelty(run, small_config())
    features, index = run.array("features"), run.explained
    top = novelty_of(run)["threshold_species"]
    of_top = (index["species"] == top) & (index["split"] == "test")
    features[index["species"] == "lion"] = features[of_top]
    overwrite(run, "features", features)
    measure_novelty(run, small_config())
    facts = novelty_of(run)
    images = images_of(run).merge(index, on=["image_id", "species"])
    rounds = round_means(run, small_config(), images)
    of_rounds = rounds[: len(NAMES)].max(axis=0)
    np.testing.assert_allclose(facts["threshold_of_rounds"], of_rounds)
    assert facts["unknown_above_of_rounds"] == (rounds[len(NAMES)] > of_rounds).astype(int).tolist()
    assert set(facts["unknown_above_of_rounds"]) == {0, 1}


def test_the_review_list_is_the_least_familiar_images_one_a_burst(run):
    review = read_table(run.root / "novelty/review.csv")
    images = images_of(run).merge(run.index[["image_id", "camera", "sequence"]], on="image_id")
    falling = images.sort_values("unfamiliarity", ascending=False)
    expected = falling.drop_duplicates(["camera", "sequence"])
    assert len(expected) < len(images)
    assert review["image_id"].tolist() == expected["image_id"].tolist()
    assert review["rank"].tolist() == list(range(1, len(review) + 1))
    threshold = novelty_of(run)["threshold"]["value"]
    assert review["above_threshold"].tolist() == (review["unfamiliarity"] > threshold).tolist()
    logits = run.array("logits")[run.explained.set_index("image_id").loc[review["image_id"], "row"]]
    assert review["predicted"].tolist() == [NAMES[label] for label in logits.argmax(axis=1)]
    np.testing.assert_allclose(
        review["probability"], evaluation.probabilities_of(logits).max(axis=1)
    )


def test_without_records_the_review_list_has_no_thumbnails(run):
    assert (read_table(run.root / "novelty/review.csv")["thumbnail"] == "").all()
    assert not (run.root / "novelty/review").exists()


@pytest.mark.parametrize("length", [0, 3])
def test_the_review_list_is_as_long_as_asked_for(tmp_path, length):
    run, _, _ = run_with_head(tmp_path)
    config = small_config()
    config.novelty.review = length
    measure_novelty(run, config)
    assert len(read_table(run.root / "novelty/review.csv")) == length


def test_thumbnails_show_frames_without_metadata_and_nobody_in_them(tmp_path):
    config = pictured_config()
    run = make_run(tmp_path, config, stages=())
    pictures = run.dataset.pictures
    shows_people = np.arange(len(pictures)) % 2
    write_table(run.dataset.root / "pictures.csv", pictures.assign(people=shows_people))
    run = RunFolder(run.root)
    measure_novelty(run, config)
    review = read_table(run.root / "novelty/review.csv")
    hidden = review["image_id"].isin(list(run.dataset.people))
    assert 0 < hidden.sum() < len(review)
    assert ((review["thumbnail"] == "") == hidden).all()
    files = {f"review/{path.name}" for path in (run.root / "novelty/review").iterdir()}
    assert files == set(review.loc[~hidden, "thumbnail"])
    for name in files:
        with Image.open(run.root / "novelty" / name) as image:
            assert image.format == "JPEG"
            assert not image.getexif()
            assert image.size == (340, round(340 * 60 * 0.93 / 80))
