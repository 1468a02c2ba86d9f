"""The tree stage on a made-up run: what it writes, from what it reads."""

import json

import numpy as np
import pandas as pd
import pytest
from reference.fabricated_run import NAMES, fabricate_run, small_config
from reference.slow_embedding import slow_joined_group, slow_robinson_foulds
from scipy.cluster.hierarchy import cophenet, leaves_list
from scipy.spatial.distance import pdist

from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import create_array, read_json, read_table
from camtrap_jax.study.sample import finite_rows
from camtrap_jax.study.tree import build_tree

KNOWN = ["kudu", "Nyala", "red duiker", "oribi", "lion"]
UNKNOWN = ["eland", "unseen", "aardvark"]
TAXONOMY = """species,genus,family,order
KUDU,Tragelaphus,Bovidae,Artiodactyla
nyala,Tragelaphus,Bovidae,Artiodactyla
Red_Duiker,Cephalophus,Bovidae,Artiodactyla
oribi,Ourebia,Bovidae,Artiodactyla
lion,Panthera,Felidae,Carnivora
somebody else,Homo,Hominidae,Primates
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("tree")
    run = fabricate_run(root, known=KNOWN, unknown=UNKNOWN)
    build_tree(run, tree_config(root, TAXONOMY))
    return run


def tree_config(folder, text="", **settings):
    config = small_config()
    config.tree.permutations = 49
    config.tree.embedded_images = 4
    for name, value in settings.items():
        setattr(config.tree, name, value)
    if text:
        (folder / "taxonomy.txt").write_text(text, encoding="utf-8")
        config.tree.taxonomy = str(folder / "taxonomy.txt")
    return config


def table(run, name):
    return read_table(run.root / "tree" / f"{name}.csv")


def merges(run, name):
    return table(run, name)[["left", "right", "distance", "leaves"]].to_numpy(float)


def points(run):
    return table(run, "centroids").set_index("species").iloc[:, 2:]


def test_the_tree_is_that_of_the_centroids_and_says_how_well_it_fits(run):
    summary = read_json(run.root / "tree" / "tree.json")
    tree, distances = merges(run, "linkage"), pdist(points(run).loc[KNOWN])
    assert summary["leaves"] == [KNOWN[leaf] for leaf in leaves_list(tree)]
    found = summary["cophenetic_correlation"]
    assert found["value"] == pytest.approx(np.corrcoef(cophenet(tree), distances)[0, 1], abs=1e-6)
    assert found["low"] < found["high"]
    assert "percentile interval" in summary["interval"]
    groups = table(run, "clusters").set_index("species")
    assert groups["cluster"].to_dict() == summary["clusters"]
    assert set(groups["cluster"]) == {1, 2, 3}


def test_placements_are_those_of_one_unknown_species_at_a_time(run):
    rows = table(run, "placements").set_index("species")
    assert list(rows.index) == UNKNOWN
    for name in ("eland", "aardvark"):
        joins, height = slow_joined_group(points(run).loc[[*KNOWN, name]].to_numpy(), len(KNOWN))
        assert rows.loc[name, "joins"] == "; ".join(KNOWN[place] for place in sorted(joins))
        assert rows.loc[name, "height"] == pytest.approx(height, rel=1e-6)
        assert 0 <= rows.loc[name, "support"] <= 1
        to_known = np.linalg.norm(points(run).loc[KNOWN] - points(run).loc[name], axis=1)
        assert rows.loc[name, "nearest_species"] == KNOWN[to_known.argmin()]
        assert rows.loc[name, "distance"] == pytest.approx(to_known.min(), rel=1e-6)
    assert rows.loc["unseen", "images"] == 0
    assert rows.loc["unseen", ["nearest_species", "joins"]].tolist() == ["", ""]
    assert rows.loc["unseen", ["distance", "height", "support"]].isna().all()


def test_the_joint_tree_leaves_out_species_without_images(run):
    assert len(table(run, "linkage_with_unknown")) == len(KNOWN) + 1
    text = (run.root / "tree" / "tree_with_unknown.nwk").read_text(encoding="utf-8")
    assert "eland" in text
    assert "unseen" not in text
    assert text.endswith(")100;\n")  # with support


def test_the_comparison_is_with_the_taxonomy(run):
    facts = read_json(run.root / "tree" / "tree.json")["comparison"]
    assert facts["species"] == KNOWN
    assert facts["missing"] == []
    assert facts["ranks"] == ["genus", "family", "order"]
    other = merges(run, "linkage_of_taxonomy")
    np.testing.assert_array_equal(cophenet(other), [1, 2, 2, 4, 2, 2, 4, 2, 4, 4])
    rows = table(run, "comparison").set_index("measure")
    count, share = slow_robinson_foulds(merges(run, "linkage"), other)
    assert rows.loc["robinson_foulds", "value"] == count
    assert rows.loc["robinson_foulds_normalised", "value"] == pytest.approx(share)
    expected = np.corrcoef(cophenet(merges(run, "linkage")), cophenet(other))[0, 1]
    assert rows.loc["cophenetic_correlation", "value"] == pytest.approx(expected)
    assert (rows["p_value"] >= 1 / 50).all()
    assert (rows["low"] <= rows["high"]).all()
    text = (run.root / "tree" / "taxonomy.nwk").read_text(encoding="utf-8")
    assert text == "(lion:2,(oribi:1,'red duiker':1,(kudu:0.5,Nyala:0.5):0.5):1);\n"


def test_images_are_laid_out(run):
    rows = table(run, "embedding")
    assert rows.groupby("species").size().to_dict() == dict.fromkeys(
        [*KNOWN, "eland", "aardvark"], 4
    )
    index = run.index.set_index("image_id").loc[rows["image_id"]]
    np.testing.assert_array_equal(index["species"], rows["species"])
    assert set(index["split"]) == {"train", "unknown"}
    features = run.array("features")[index["row"]].astype(float)
    centred = features - features.mean(axis=0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    for name, axis in zip(("pca_x", "pca_y"), axes, strict=True):
        np.testing.assert_allclose(np.abs(rows[name]), np.abs(centred @ axis), rtol=1e-4, atol=1e-5)
    assert rows[["tsne_x", "tsne_y"]].notna().all(axis=None)


def test_no_whole_array_is_read(tmp_path, monkeypatch):
    run = fabricate_run(tmp_path, known=KNOWN, unknown=UNKNOWN)
    monkeypatch.setattr(RunFolder, "array", lambda *_: pytest.fail("read a whole array"))
    build_tree(run, tree_config(tmp_path))


def test_what_was_not_asked_for_is_not_written(tmp_path):
    run = fabricate_run(tmp_path, known=KNOWN, unknown=[])
    build_tree(run, tree_config(tmp_path, embedded_images=0, bootstrap_rounds=0, clusters=2))
    names = {path.name for path in (run.root / "tree").iterdir()}
    assert not names & {"comparison.csv", "taxonomy.nwk", "embedding.csv"}
    summary = read_json(run.root / "tree" / "tree.json")
    assert summary["cophenetic_correlation"]["low"] is None
    assert summary["unknown"] == {}
    assert set(summary["clusters"].values()) == {1, 2}
    assert table(run, "placements").empty
    assert table(run, "linkage")["support"].isna().all()


@pytest.mark.parametrize("images", [1, 2, 4])
def test_few_images_that_are_all_the_same(tmp_path, images):
    run = fabricate_run(
        tmp_path,
        known=["a", "b", "c"],
        unknown=["d"],
        counts={"train": images, "val": 0, "test": 0},
        num_unknown_images=images,
    )
    shape = run.array("features").shape
    array = create_array(run.root / "explain" / "features.zarr", shape, "float32", rows_per_chunk=8)
    array[...].write(np.ones(shape, np.float32)).result()
    build_tree(run, tree_config(tmp_path))
    summary = read_json(run.root / "tree" / "tree.json")
    assert summary["cophenetic_correlation"] == {"value": None, "low": None, "high": None}
    assert summary["embedding"]["explained_variance"] == [None, None]
    assert table(run, "embedding")[["pca_x", "tsne_y"]].isna().all(axis=None)


@pytest.mark.parametrize("known", [["a", "b"], ["a", "b", "c"]])
def test_few_species_with_few_images(tmp_path, known):
    run = fabricate_run(tmp_path, known=known, counts={"train": 2, "val": 0, "test": 0})
    build_tree(run, tree_config(tmp_path))
    assert len(table(run, "clusters")) == len(known)
    assert len(table(run, "placements")) == 2


def test_names_of_species_survive(tmp_path):
    known = [*NAMES, "None", "a; b"]
    run = fabricate_run(tmp_path, known=known, unknown=["NA"])
    build_tree(run, tree_config(tmp_path))
    assert list(table(run, "clusters")["species"]) == known
    assert table(run, "placements")["nearest_species"].isin(known).all()
    json.loads((run.root / "tree" / "tree.json").read_text(encoding="utf-8"))


def test_finite_rows_reads_its_rows_and_names_the_bad_one(tmp_path, monkeypatch):
    monkeypatch.setattr("camtrap_jax.study.sample.READ_ROWS", 2)
    run = fabricate_run(tmp_path)
    values = run.array("features")
    for rows in ([7, 2], [9, 0, 3, 3, 8], [4]):
        np.testing.assert_array_equal(finite_rows(run, "features", np.array(rows)), values[rows])
    assert finite_rows(run, "features", np.array([], int)).shape == (0, values.shape[1])
    values[5, 1] = np.inf
    array = create_array(
        run.root / "explain/features.zarr", values.shape, "float32", rows_per_chunk=8
    )
    array[...].write(values).result()
    np.testing.assert_array_equal(finite_rows(run, "features", np.array([4, 6])), values[[4, 6]])
    with pytest.raises(ValueError, match="1 of 3 rows are not finite, the first is row 5"):
        finite_rows(run, "features", np.array([9, 5, 4]))


def test_results_do_not_depend_on_the_order_of_the_files(run, tmp_path):
    again = fabricate_run(tmp_path, known=KNOWN, unknown=UNKNOWN, order_seed=3)
    build_tree(again, tree_config(tmp_path, TAXONOMY))
    for name in ("clusters", "placements", "comparison", "embedding", "linkage_with_unknown"):
        pd.testing.assert_frame_equal(table(run, name), table(again, name), rtol=1e-5)
