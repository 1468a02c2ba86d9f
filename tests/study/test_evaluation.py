"""Stage `evaluate`: light, sequences, confusions and doubtful labels of made-up runs."""

import shutil

import numpy as np
import pandas as pd
import pytest
from reference.fabricated_run import NAMES, fabricate_run, small_config
from scipy.stats import spearmanr

from camtrap_jax import evaluation
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import create_array, read_json, read_table
from camtrap_jax.study.evaluation import evaluate_run
from camtrap_jax.study.metrics import calibration_metrics
from camtrap_jax.study.sample import sequence_codes
from camtrap_jax.study.sequence_votes import sequence_votes
from camtrap_jax.study.tree import build_tree


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = fabricate_run(tmp_path_factory.mktemp("evaluate"), counts={"train": 30, "val": 4,
                                                                     "test": 20})  # fmt: skip
    spoil_logits(run)
    evaluate_run(run, small_config())
    build_tree(run, small_config())
    return run


def spoil_logits(run):
    """Lets the network take every third held-out image for the species after the true one."""
    logits = run.array("logits")
    rows = np.flatnonzero(run.index["split"].isin(["val", "test"]).to_numpy())[::3]
    logits[rows] = np.roll(logits[rows], 1, axis=1)
    write_array(run, "logits", logits)


def write_array(run, name, values):
    path = run.root / "explain" / f"{name}.zarr"
    array = create_array(path, values.shape, np.float32, rows_per_chunk=64)
    array[...].write(values.astype(np.float32)).result()


def table_of(run, name):
    return read_table(run.root / "evaluate" / f"{name}.csv")


def metrics_of(run):
    return read_json(run.root / "evaluate" / "metrics.json")


def edit_manifest(run, **columns):
    path = run.dataset.root / "manifest.csv"
    read_table(path).assign(**columns).to_csv(path, index=False)
    return RunFolder(run.root)


def write_pictures(run, saturation):
    table = pd.DataFrame({"filepath": run.dataset.manifest["filepath"], "saturation": saturation})
    table.assign(people=0).to_csv(run.dataset.root / "pictures.csv", index=False)


def test_day_and_night_add_up_and_are_judged_by_picture_or_clock(tmp_path):
    run = fabricate_run(tmp_path)
    count = len(run.dataset.manifest)
    hours = np.array([f"2026-01-01 {number % 24:02d}:30:00" for number in range(count)], object)
    hours[::5] = ""
    run = edit_manifest(run, datetime=hours)
    infrared = np.arange(count) % 2 == 0
    at_first = run.dataset.manifest["camera"].to_numpy() == "C1"
    write_pictures(run, np.where(infrared & at_first, 0.01, 0.3))  # only C1 has infrared light
    evaluate_run(run, small_config())
    test = run.index[run.index["split"] == "test"]
    row = test["row"].to_numpy()
    clock = np.array([6 <= number % 24 < 18 for number in range(count)])
    day = np.where(at_first, ~infrared, clock)[row]
    known = (at_first | (hours != ""))[row]
    expected = np.where(known, np.where(day, "day", "night"), "unknown")
    table = table_of(run, "per_light").set_index("light")
    predictions = run.array("logits")[row].argmax(axis=1)
    labels = np.array([NAMES.index(name) for name in test["species"]])
    metrics = metrics_of(run)
    for light in ("day", "night", "unknown"):
        chosen = expected == light
        assert table.loc[light, "images"] == metrics["light"][light]["images"] == chosen.sum() > 0
        right = predictions[chosen] == labels[chosen]
        assert table.loc[light, "accuracy"] == pytest.approx(right.mean())
        mean = evaluation.mean_species_accuracy(
            predictions[chosen], labels[chosen], num_classes=len(NAMES)
        )
        assert table.loc[light, "mean_species_accuracy"] == pytest.approx(mean)
        found = metrics["light"][light]["mean_species_accuracy"]
        assert found["value"] == pytest.approx(mean)
        assert found["low"] <= mean <= found["high"]
    cameras = table_of(run, "per_camera").set_index("camera")
    parts = [f"{light}_images" for light in ("day", "night", "unknown")]
    np.testing.assert_array_equal(cameras[parts].sum(axis=1), cameras["images"])
    chosen = (test["camera"] == "C1").to_numpy() & (expected == "night")
    assert cameras.loc["C1", "night_images"] == chosen.sum()
    right = predictions[chosen] == labels[chosen]
    assert cameras.loc["C1", "night_accuracy"] == pytest.approx(right.mean())


def test_without_times_and_pictures_light_is_not_known_and_counted(run):
    light = table_of(run, "per_light").set_index("light")["images"]
    assert list(light) == [0, 0, (run.index["split"] == "test").sum()]
    assert metrics_of(run)["light"]["day"]["overall_accuracy"]["value"] is None


SEQUENCES = pd.DataFrame(
    [("C1", "s"), ("C1", "s"), ("C2", "s"), ("C2", "s"), ("", ""), ("", ""), ("C1", "s")],
    columns=["camera", "sequence"],
).assign(image_id=list("gfedcba"))


def test_sequences_are_one_per_camera_and_images_without_one_stand_alone():
    # By their names: image b comes before image c, in whatever order the files are.
    expected = np.array([0, 0, 1, 1, 3, 2, 0])
    np.testing.assert_array_equal(sequence_codes(SEQUENCES), expected)
    turned = SEQUENCES.iloc[::-1].reset_index(drop=True)
    np.testing.assert_array_equal(sequence_codes(turned), expected[::-1])


def test_a_sequence_is_named_once_and_counts_under_each_of_its_labels():
    logits = np.log([[0.9, 0.1], [0.4, 0.6], [0.2, 0.8], [0.7, 0.3], [0.4, 0.6], [0.6, 0.4],
                     [0.3, 0.7]])  # fmt: skip
    labels = np.array([0, 0, 0, 0, 1, 1, 1])
    table, metrics = sequence_votes(SEQUENCES, logits, labels, ["a", "b"], small_config())
    rows = [tuple(row) for row in table.drop(columns="probability").itertuples(index=False)]
    first, second = pytest.approx(1.6 / 3), pytest.approx(0.45)
    assert rows == [
        ("", "", "b", 1, "a", pytest.approx(0.4), 1, "b"),
        ("", "", "b", 1, "b", pytest.approx(0.6), 1, "c"),
        ("C1", "s", "a", 3, "a", first, 2, "a"),
        ("C1", "s", "b", 3, "a", pytest.approx(1.4 / 3), 2, "a"),
        ("C2", "s", "a", 2, "b", second, 1, "d"),
    ]
    np.testing.assert_allclose(table["probability"], [0.6, 0.6, 1.6 / 3, 1.6 / 3, 0.55])
    assert metrics["overall_accuracy"]["value"] == pytest.approx(2 / 5)
    assert metrics["mean_species_accuracy"]["value"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    counts = {"sequences": 4, "with_several_images": 2, "with_several_labels": 1,
              "images_without_sequence": 2}  # fmt: skip
    assert {name: metrics[name] for name in counts} == counts


def test_sequences_of_one_image_each_give_the_accuracies_of_images(run, tmp_path):
    shutil.copytree(run.root.parent, tmp_path, dirs_exist_ok=True)
    copy = RunFolder(tmp_path / "run")
    facts = {"dataset": str(tmp_path / "dataset")}
    pd.Series(facts).to_json(copy.root / "provenance.json")
    copy = edit_manifest(copy, sequence="")
    evaluate_run(copy, small_config())
    metrics = metrics_of(copy)
    for name in ("overall_accuracy", "mean_species_accuracy"):
        assert metrics["by_sequence"][name] == metrics[name]
    assert metrics["by_sequence"]["images_without_sequence"] == metrics["images"]


def test_more_frames_of_the_same_sequences_make_nothing_surer():
    rng = np.random.default_rng(0)
    images = pd.DataFrame({"camera": "C1", "sequence": [f"s{n}" for n in range(12)]})
    images["image_id"] = images["sequence"]
    logits, labels = rng.normal(size=(12, 3)), rng.integers(0, 3, 12)
    once, many = (
        sequence_votes(images.loc[rows], logits[rows], labels[rows], list("abc"), small_config())[1]
        for rows in (np.arange(12), np.arange(12).repeat(5))
    )
    for name in ("overall_accuracy", "mean_species_accuracy"):
        assert once[name] == many[name]
        assert once[name]["low"] < once[name]["high"]


def test_confusions_are_set_against_the_distances_of_the_trees_centroids(run):
    pairs, metrics = table_of(run, "confused_pairs"), metrics_of(run)["confusion_distance"]
    confusion = table_of(run, "confusion_matrix").set_index("species").loc[NAMES, NAMES]
    counts = confusion.to_numpy()
    wrong = counts.sum() - np.trace(counts)
    assert pairs["images"].sum() == metrics["wrong_images"] == wrong > 0
    assert (np.diff(pairs["images"]) <= 0).all()
    centroids = read_table(run.root / "tree/centroids.csv").set_index("species").loc[NAMES]
    points = centroids.drop(columns=["role", "images"])
    gaps = {(a, b): np.linalg.norm(points.loc[a] - points.loc[b]) for a in NAMES for b in NAMES}
    for row in pairs.itertuples():
        assert row.images == confusion.loc[row.species, row.predicted]
        assert row.share == pytest.approx(row.images / confusion.loc[row.species].sum())
        assert row.distance == pytest.approx(gaps[row.species, row.predicted], rel=1e-5)
        nearer = [gaps[row.species, other] < gaps[row.species, row.predicted] - 1e-6
                  for other in NAMES if other != row.species]  # fmt: skip
        assert row.distance_rank == sum(nearer) + 1
    shares = evaluation.confusion_shares(counts)
    upper = np.triu_indices(len(NAMES), 1)
    distances = np.array([[gaps[a, b] for b in NAMES] for a in NAMES])
    expected = spearmanr(shares[upper], distances[upper]).statistic
    assert metrics["spearman"] == pytest.approx(expected)
    assert 0 < metrics["p_value"] <= 1
    assert metrics["by_chance"] == 1  # of three others three are the nearest


def test_without_mistakes_there_is_no_correlation(tmp_path):
    run = fabricate_run(tmp_path)
    labels = [NAMES.index(name) if name in NAMES else 0 for name in run.index["species"]]
    write_array(run, "logits", 5 * np.eye(len(NAMES))[labels])
    evaluate_run(run, small_config())
    assert table_of(run, "confused_pairs").empty
    found = metrics_of(run)["confusion_distance"]
    undefined = ("spearman", "p_value", "wrong_among_nearest")
    assert [found[name] for name in undefined] == [None] * 3
    assert found["wrong_images"] == 0
    assert metrics_of(run)["temperature"] is None
    assert "validation images are named correctly" in metrics_of(run)["temperature_missing"]
    assert set(table_of(run, "reliability")["probabilities"]) == {"raw"}


def mislabel(run, number, name):
    """Files an image under another species, as a source would have it."""
    index = read_table(run.root / "explain/index.csv")
    index.loc[number, "species"] = name
    index.to_csv(run.root / "explain/index.csv", index=False)
    manifest = read_table(run.dataset.root / "manifest.csv")
    manifest.loc[number, "species"] = name
    return edit_manifest(run, species=manifest["species"])


@pytest.mark.parametrize("split", ["train", "val", "test"])
def test_wrong_labels_are_found_in_every_split_though_the_network_learnt_them(tmp_path, split):
    run = fabricate_run(tmp_path, counts={"train": 30, "val": 4, "test": 20})
    chosen = run.index[(run.index["split"] == split) & (run.index["species"] == NAMES[0])].iloc[2]
    run = mislabel(run, chosen["row"], NAMES[2])
    logits = run.array("logits")
    logits[chosen["row"]] = 9 * np.eye(len(NAMES))[2]  # learnt by heart
    write_array(run, "logits", logits)
    features = run.array("features")
    features[chosen["row"]] = 5 * np.eye(features.shape[1])[0]  # a typical image
    write_array(run, "features", features)
    evaluate_run(run, small_config())
    first = table_of(run, "suspected_labels").iloc[0]
    expected = {"image_id": chosen["image_id"], "split": split, "species": NAMES[2],
                "suggested": NAMES[0], "predicted": NAMES[2]}  # fmt: skip
    assert first[list(expected)].to_dict() == expected
    assert first["score"] == pytest.approx(
        first["neighbours_suggested"] - first["neighbours_species"]
    )
    assert first["probability_species"] > 0.99
    assert metrics_of(run)["suspected_labels"][split] >= 1


def test_a_burst_with_one_wrong_label_does_not_vouch_for_itself(tmp_path):
    """Its frames lie together; only images of other bursts vote."""
    run = fabricate_run(tmp_path, counts={"train": 30, "val": 4, "test": 20})
    chosen = run.index[(run.index["split"] == "train") & (run.index["species"] == NAMES[0])]
    rows = chosen["row"].to_numpy()[:25]
    features = run.array("features")
    features[rows] = features[rows[0]] + 0.01 * features[rows]
    write_array(run, "features", features)
    for row in rows:
        run = mislabel(run, row, NAMES[1])
    config = small_config()
    config.evaluate.neighbours = 3
    evaluate_run(run, config)
    assert not set(chosen["image_id"][:25]) & set(table_of(run, "suspected_labels")["image_id"])
    place = run.dataset.manifest[["camera", "sequence"]].copy()
    place.loc[rows] = ["C1", "one burst"]
    run = edit_manifest(run, camera=place["camera"], sequence=place["sequence"])
    evaluate_run(run, config)
    assert set(chosen["image_id"][:25]) <= set(table_of(run, "suspected_labels")["image_id"])


def test_a_picture_stored_under_both_labels_is_counted_and_not_listed(tmp_path):
    run = fabricate_run(tmp_path, counts={"train": 30, "val": 4, "test": 20})
    first, second = (run.index[(run.index["split"] == "test") & (run.index["species"] == name)]
                     .iloc[0] for name in NAMES[:2])  # fmt: skip
    features = run.array("features")
    features[second["row"]] = features[first["row"]]
    write_array(run, "features", features)
    evaluate_run(run, small_config())
    assert second["image_id"] in set(table_of(run, "suspected_labels")["image_id"])
    before = metrics_of(run)["suspected_labels"]
    digests = run.dataset.manifest["sha256"].copy()
    digests[second["row"]] = digests[first["row"]]
    run = edit_manifest(run, sha256=digests)
    evaluate_run(run, small_config())
    assert second["image_id"] not in set(table_of(run, "suspected_labels")["image_id"])
    after = metrics_of(run)["suspected_labels"]
    assert after["stored_under_both"] == before["stored_under_both"] + 1
    assert after["suspected"] == before["suspected"] - 1


def test_reliability_holds_both_kinds_of_probabilities(run):
    table, metrics = table_of(run, "reliability"), metrics_of(run)
    assert list(table["probabilities"].unique()) == ["raw", "calibrated"]
    for name, suffix in (("raw", ""), ("calibrated", "_calibrated")):
        bins = table[table["probabilities"] == name]
        assert bins["images"].sum() == metrics["images"]
        gaps = bins["images"] * (bins["confidence"] - bins["accuracy"]).abs()
        error = metrics[f"ece{suffix}"]
        assert gaps.sum() / metrics["images"] == pytest.approx(error["value"])
        assert 0 <= error["low"] <= error["value"] <= error["high"]
        full = bins[bins["images"] > 0]
        assert (full["accuracy_low"] <= full["accuracy"] + 1e-12).all()
        assert (full["confidence"] > full["low"]).all()
        assert (full["confidence"] <= full["high"]).all()


def test_without_validation_images_the_temperature_is_missing_with_its_reason(tmp_path):
    run = fabricate_run(tmp_path, counts={"train": 12, "val": 0, "test": 9})
    evaluate_run(run, small_config())
    metrics = metrics_of(run)
    assert metrics["temperature"] is None
    assert "no validation images" in metrics["temperature_missing"]
    assert metrics["ece"]["value"] > 0
    assert metrics["ece_calibrated"]["value"] is metrics["nll_calibrated"] is None


@pytest.mark.parametrize(("temperature", "at_least"), [(1.0, 0.9), (1.6, 0.8)])
def test_the_interval_of_the_calibration_error_holds_the_true_one(temperature, at_least):
    """True: of very many images. A percentile interval holds it in none of the calibrated ones."""
    config = small_config()
    truth = evaluation.expected_calibration_error(*drawn(0, 100000, temperature))
    held = []
    for seed in range(1, 41):
        probabilities, labels = drawn(seed, 300, temperature)
        found = calibration_metrics(np.log(probabilities), labels, np.nan, config)["ece"]
        held.append(found["low"] <= truth <= found["high"])
    assert np.mean(held) >= at_least


def drawn(seed, num_images, temperature):
    """Labels drawn from softer probabilities than those stated."""
    rng = np.random.default_rng(seed)
    logits = 3 * rng.normal(size=(num_images, 5))
    labels = (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)
    return evaluation.probabilities_of(logits, temperature=1 / temperature), labels
