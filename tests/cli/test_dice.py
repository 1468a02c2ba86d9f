"""The human comparison, from the sheet to the coefficients."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
from reference.slow_human import slow_dice, slow_kappa

from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, read_table, write_json, write_table

WORDS = {"kudu": ["spiral horns", "stripes"], "nyala": ["mane"], "oribi": ["ears", "knees", "tail"]}


@pytest.fixture
def run(tiny_run, tmp_path):
    return RunFolder(shutil.copytree(tiny_run, tmp_path / "run"))


@pytest.fixture
def dice(camtrap, run, tmp_path):
    """Calls the command with descriptors or with ratings."""

    def call(*words):
        return camtrap("dice", f"--workdir={run.root}", *words)

    return call


@pytest.fixture
def descriptors(tmp_path):
    rows = [(name, word) for name, words in WORDS.items() for word in words]
    path = tmp_path / "descriptors.csv"
    pd.DataFrame(rows, columns=["species", "descriptor"]).to_csv(path, index=False)
    return f"--descriptors={path}"


def sheet_data(run):
    page = (run.root / "dice" / "scoring_sheet.html").read_text()
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def rate(run, path, rater, seed):
    """Answers as somebody who ticks by chance, and sees a mound on some images."""
    rng = np.random.default_rng(seed)
    data, rows = sheet_data(run), []
    for species in data["species"]:
        for image in species["images"]:
            start = (data["sheet"], rater, species["name"], image["id"])
            rows += [(*start, "offered", word, rng.integers(2)) for word in species["features"]]
            if rng.random() < 0.6:
                rows.append((*start, "typed", "mound", 1))
    pd.DataFrame(rows, columns=data["columns"]).to_csv(path, index=False)
    return pd.DataFrame(rows, columns=data["columns"])


def test_the_sheet_has_every_species_with_its_pictures_and_needs_no_network(dice, run, descriptors):
    result = dice(descriptors)
    assert result.code == 0
    assert str(run.root / "dice" / "scoring_sheet.html") in result.out
    data = sheet_data(run)
    offered = {one["name"]: set(one["features"]) for one in data["species"]}
    for name, words in WORDS.items():
        others = {word for other in WORDS.values() for word in other} - {*words}
        assert set(words) | {"background"} <= offered[name]
        assert offered[name] <= {*words, "background"} | others
        assert len(offered[name]) > len(words) + 1  # decoys
    for one in data["species"]:
        test = run.index.loc[(run.index["species"] == one["name"]) & (run.index["split"] == "test")]
        ids = [image["id"] for image in one["images"]]
        assert ids
        assert set(ids) <= set(test["image_id"])
        assert all(
            image["picture"].startswith("data:image/jpeg;base64,") for image in one["images"]
        )
    page = (run.root / "dice" / "scoring_sheet.html").read_text()
    assert not re.search(r'(src|href)="?https?:', page)
    assert "default-src 'none'" in page


def test_coefficients_are_those_of_counting(dice, run, descriptors, tmp_path):
    assert dice(descriptors).code == 0
    names = ("Ana", "Ben", "Cleo", "Dan")
    ratings = pd.concat(
        [rate(run, tmp_path / f"{name}.csv", name, seed) for seed, name in enumerate(names)]
    )
    result = dice(f"--ratings={','.join(str(tmp_path / f'{name}.csv') for name in names)}")
    assert result.code == 0
    table = read_table(run.root / "dice" / "dice.csv").set_index("species")
    ticked = ratings.loc[ratings["shown"] == 1]
    votes = ticked.groupby(["species", "image_id", "feature"]).size()
    for species, words in WORDS.items():
        shown = {key[2] for key, count in votes.items() if key[0] == species and count >= 2}
        row = table.loc[species]
        assert row["dice"] == pytest.approx(slow_dice(shown, words))
        assert row["features"] == len(shown)
        assert row["common"] == len(shown & set(words))
        assert np.isnan(row["low"])  # of a single image
    asked = ratings.loc[ratings["kind"] == "offered"]
    by_item = asked.groupby(["species", "image_id", "feature"])["shown"].agg(list)
    summary = read_json(run.root / "dice" / "dice.json")
    assert summary["fleiss_kappa"] == pytest.approx(slow_kappa(by_item.tolist()))
    assert summary["mean_dice"]["value"] == pytest.approx(table["dice"].mean())
    assert summary["standard_deviation"] == pytest.approx(table["dice"].std())
    values = table["dice"].to_numpy()
    assert values.min() <= summary["mean_dice"]["low"] <= summary["mean_dice"]["high"]
    assert summary["raters"] == list(names)
    assert f"mean {table['dice'].mean():.2f}" in result.out
    features = read_table(run.root / "dice" / "features.csv").set_index(["species", "feature"])
    for (species, feature), row in features.iterrows():
        seen = [n for (name, _, what), n in votes.items() if (name, what) == (species, feature)]
        assert row["shown_on"] == sum(count >= 2 for count in seen)
    choices = read_table(run.root / "dice" / "agreement.csv")
    assert len(choices) == 4 * table["images"].max()
    chosen = choices.query("agreement == 2 and min_images == 1").iloc[0]
    assert chosen["mean_dice"] == pytest.approx(table["dice"].mean())
    assert chosen["sd"] == pytest.approx(table["dice"].std())
    by_all = {name: slow_dice({key[2] for key, count in votes.items()
                               if key[0] == name and count == 4}, words)
              for name, words in WORDS.items()}  # fmt: skip
    strict = choices.query("agreement == 4 and min_images == 1").iloc[0]
    assert strict["mean_dice"] == pytest.approx(np.mean([*by_all.values()]))


def test_more_agreement_than_raters_is_refused(dice, run, descriptors, config_file, tmp_path):
    assert dice(descriptors).code == 0
    rate(run, tmp_path / "a.csv", "Ana", 0)
    result = dice(f"--ratings={tmp_path / 'a.csv'}")
    assert result.code == 1
    assert "expected 1, as there is 1 rater, got 2" in result.error
    words = (config_file, "--config.human.agreement=1")
    assert dice(f"--ratings={tmp_path / 'a.csv'}", *words).code == 0


def test_another_sheet_needs_overwrite_and_the_same_does_not(dice, run, descriptors, tmp_path):
    assert dice(descriptors).code == 0
    first = (run.root / "dice" / "scoring_sheet.html").read_bytes()
    assert dice(descriptors).code == 0
    assert (run.root / "dice" / "scoring_sheet.html").read_bytes() == first
    path = tmp_path / "descriptors.csv"
    path.write_text(path.read_text() + "kudu,beard\n")
    result = dice(descriptors)
    assert result.code == 1
    assert "--overwrite makes a new one" in result.error
    assert (run.root / "dice" / "scoring_sheet.html").read_bytes() == first
    assert dice(descriptors, "--overwrite").code == 0
    assert (run.root / "dice" / "scoring_sheet.html").read_bytes() != first


def test_what_is_missing_is_one_clear_error(dice, run, descriptors, tmp_path):
    without = dice()
    assert without.code == 1
    assert "--descriptors: expected a CSV of species,descriptor" in without.error
    assert dice(descriptors, "--ratings=a.csv").code == 2
    before_the_sheet = dice("--ratings=a.csv")
    assert before_the_sheet.code == 1
    assert "`camtrap dice --descriptors=FILE` makes it" in before_the_sheet.error
    assert "absent.csv" in dice(f"--descriptors={tmp_path / 'absent.csv'}").error
    assert dice(descriptors).code == 0
    assert dice().code == 0  # the sheet's own words
    assert "absent.csv" in dice("--ratings=absent.csv").error
    assert not (run.root / "dice" / "dice.csv").exists()


def test_ratings_of_an_older_sheet_are_refused(dice, run, descriptors, tmp_path):
    assert dice(descriptors).code == 0
    rate(run, tmp_path / "a.csv", "Ana", 0)
    mark = run.root / "explain" / "stage.json"
    write_json(mark, {"key": "of other maps"})
    assert "--overwrite makes a new one" in dice(descriptors).error
    assert dice(descriptors, "--overwrite").code == 0
    assert "saved by another scoring sheet" in dice(f"--ratings={tmp_path / 'a.csv'}").error


def test_a_species_without_test_images_is_left_out_and_named(dice, run, descriptors):
    index = read_table(run.root / "explain" / "index.csv")
    index.loc[index["species"] == "oribi", "split"] = "val"
    write_table(run.root / "explain" / "index.csv", index)
    result = dice(descriptors)
    assert "no test images, so not on the sheet: oribi" in result.out
    assert [one["name"] for one in sheet_data(run)["species"]] == ["kudu", "nyala"]


def test_nobody_sees_people(dice, run, descriptors):
    path = run.root / "dataset" / "pictures.csv"
    files = read_table(path)
    of_nyala = run.index.loc[run.index["species"] == "nyala", "filepath"]
    write_table(path, files.assign(people=files["filepath"].isin(of_nyala).astype(int)))
    assert dice(descriptors).code == 0
    assert [one["name"] for one in sheet_data(run)["species"]] == ["kudu", "oribi"]


def test_masks_are_compared_and_what_is_left_out_is_said(dice, run, tmp_path):
    maps = run.maps_index.merge(run.index[["image_id", "filepath", "species"]], on="image_id")
    write_table(run.root / "explain" / "maps_index.csv", maps.assign(target=maps["species"])[
        ["row", "image_id", "target"]
    ])  # fmt: skip
    images = [
        {"id": number, "file_name": path, "width": 48, "height": 36}
        for number, path in enumerate([*maps["filepath"], "stranger.png"])
    ]
    marks = [{"image_id": one["id"], "segmentation": [[5, 5, 40, 5, 40, 30]]} for one in images]
    path = tmp_path / "marks.json"
    path.write_text(json.dumps({"images": images, "annotations": marks}))
    result = dice(f"--masks={path}")
    assert result.code == 0
    assert (
        f"dice: not in the dataset: 1 of {len(images)} marked pictures, stranger.png" in result.out
    )
    assert "guided_grad_cam" in result.out
    assert not (run.root / "dice" / "scoring_sheet.html").exists()  # nobody gave words
    table = read_table(run.root / "dice" / "mask_dice.csv")
    assert len(table) == 3 * 12
    marks[1]["segmentation"] = [[5, 5, 40]]
    path.write_text(json.dumps({"images": images, "annotations": marks}))
    result = dice(f"--masks={path}")
    assert result.code == 1
    assert f"{path}: annotations[1].segmentation[0]: expected x and y in turn" in result.error


def test_hostile_names_stay_text(dice, run, descriptors, tmp_path):
    path = tmp_path / "descriptors.csv"
    path.write_text(path.read_text() + "kudu,</script><script>alert(1)</script>\n")
    assert dice(descriptors).code == 0
    page = (run.root / "dice" / "scoring_sheet.html").read_text()
    assert "<script>alert" not in page
    words = {one["name"]: one["features"] for one in sheet_data(run)["species"]}
    assert "</script><script>alert(1)</script>" in words["kudu"]
