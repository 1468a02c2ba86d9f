import numpy as np
import pytest
from reference.tiny_study import tiny_config, write_tiny_source

from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json, read_table
from camtrap_jax.study import leak
from camtrap_jax.study.console import Silent
from camtrap_jax.study.leak import measure_leak

SPECIES = {"nyala": 30, "kudu": 24, "oribi": 24, "lion": 5}


def leak_config():
    config = tiny_config()
    config.train.epochs = 1
    return config


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A run folder with the leak measured on pictures of six cameras, and the dataset."""
    root = tmp_path_factory.mktemp("leak")
    write_tiny_source(root / "source", SPECIES, num_cameras=6)
    # Copies of training pictures, which a random split tests on.
    first = sorted((root / "source" / "C0" / "nyala").iterdir())[0]
    for copy in range(6):
        (first.parent / f"copy{copy}.png").write_bytes(first.read_bytes())
    prepare_dataset(root / "source", root / "dataset", leak_config().data)
    dataset = DatasetFolder(root / "dataset")
    table = measure_leak(root / "run", dataset, leak_config(), Silent())
    return root / "run", dataset, table


def test_the_table_has_a_row_a_split(measured):
    root, _, table = measured
    stored = read_table(root / "leak" / "accuracies.csv")
    assert list(stored.columns[:3]) == ["split", "overall", "overall_low"]
    assert list(stored["split"]) == ["random", "sequence", "camera"]
    np.testing.assert_allclose(stored["overall"], table["overall"])
    for name in ("overall", "mean_species"):
        assert (stored[f"{name}_low"] <= stored[name]).all()
        assert (stored[name] <= stored[f"{name}_high"]).all()


def test_the_splits_share_with_training_what_they_should(measured):
    root, _, table = measured
    rows = table.set_index("split")
    assert rows.loc["sequence", ["same_picture", "near_duplicate"]].eq(0).all()
    assert rows.loc["camera", "same_camera"] == 0
    assert rows.loc["random", "same_camera"] > 0.5
    for split in leak.COMPARED_SPLITS:
        manifest = DatasetFolder(root / "leak" / split / "dataset").manifest
        known = manifest[manifest["role"] == "known"]
        if split == "camera":
            assert (known.groupby("camera")["split"].nunique() == 1).all()
        if split == "sequence":
            assert (known.groupby("sha256")["split"].nunique() == 1).all()


def test_nothing_but_the_split_differs(measured):
    root, dataset, _ = measured
    configs = [read_json(root / "leak" / split / "config.json") for split in leak.COMPARED_SPLITS]
    for config, split in zip(configs, leak.COMPARED_SPLITS, strict=True):
        assert config["data"].pop("split") == split
    assert configs[0] == configs[1] == configs[2]
    before = dataset.manifest
    for split in leak.COMPARED_SPLITS:
        found = DatasetFolder(root / "leak" / split / "dataset")
        assert found.manifest.drop(columns="split").equals(before.drop(columns="split"))
        assert found.records.resolve() == dataset.records.resolve()


def test_accuracies_are_those_of_the_test_images(measured):
    """Counted by hand from the networks' answers; the mean is over species tested everywhere."""
    root, dataset, table = measured
    from camtrap_jax.run_folder import RunFolder
    from camtrap_jax.study.prediction import predicted_logits

    hits, labels = {}, {}
    for split in leak.COMPARED_SPLITS:
        run = RunFolder(root / "leak" / split)
        manifest = run.dataset.manifest
        rows = np.flatnonzero(manifest["split"] == "test")
        species = manifest["species"].to_numpy(object)[rows]
        answers = np.array(dataset.classes, object)[
            predicted_logits(run, run.config, rows).argmax(axis=1)
        ]
        hits[split], labels[split] = answers == species, species
    common = set.intersection(*[set(species) for species in labels.values()])
    for row in table.to_dict("records"):
        hit, species = hits[row["split"]], labels[row["split"]]
        assert row["images"] == len(hit)
        assert row["overall"] == pytest.approx(hit.mean())
        means = [hit[species == name].mean() for name in sorted(common)]
        assert row["mean_species"] == pytest.approx(np.mean(means))
        assert row["species"] == len(common)


def test_the_same_again_trains_nothing(measured, monkeypatch):
    root, dataset, table = measured
    monkeypatch.setattr("camtrap_jax.study.training._train", None)
    again = measure_leak(root, dataset, leak_config(), Silent())
    assert again.equals(table)
