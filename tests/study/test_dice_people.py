"""Dice's coefficient from raters' files on a made-up sheet: intervals, and what is undefined."""

import numpy as np
import pandas as pd
import pytest
from reference.slow_human import slow_kappa

from camtrap_jax.config import Config
from camtrap_jax.human.answers import COLUMNS
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, write_json, write_table
from camtrap_jax.study.dice import compare_with_people

FEATURES = [("kudu", "horns", "descriptor"), ("kudu", "quills", "decoy"),
            ("nyala", "mane", "descriptor"), ("nyala", "stripes", "descriptor")]  # fmt: skip
IMAGES = [*(("kudu", f"k{n}") for n in range(4)), *(("nyala", f"n{n}") for n in range(3))]


@pytest.fixture
def run(tmp_path):
    run = RunFolder(tmp_path / "run")
    folder = run.root / "dice"
    columns = ["species", "feature", "kind"]
    write_table(folder / "sheet_features.csv", pd.DataFrame(FEATURES, columns=columns))
    images = pd.DataFrame(IMAGES, columns=["species", "image_id"])
    write_table(folder / "sheet_images.csv", images)
    write_json(folder / "sheet.json", {"sheet": "abc", "explained": "then"})
    return run


def rate(folder, ticked_by):
    """Writes a file a rater; `ticked_by` are pairs of image and feature by rater."""
    paths = []
    for rater, ticked in ticked_by.items():
        rows = [("abc", rater, name, image, "offered", feature, int((image, feature) in ticked))
                for name, feature, _ in FEATURES
                for species, image in IMAGES if species == name]  # fmt: skip
        paths.append(folder / f"{rater}.csv")
        pd.DataFrame(rows, columns=COLUMNS).to_csv(paths[-1], index=False)
    return paths


def test_the_interval_has_the_images_chance_to_be_drawn(run, tmp_path):
    """Horns on one of four images are lost by (3/4)^4 = 0.32 of the resamples, on three by 0.004.

    Two of three raters have to see them; what only one saw is not shown.
    """
    one = {("k0", "horns"), *((f"n{n}", "mane") for n in range(3))}
    paths = rate(tmp_path, {"Ana": one, "Ben": one, "Cleo": {("k1", "horns"), ("n0", "stripes")}})
    table = compare_with_people(run, Config(), paths).set_index("species")
    kudu, nyala = table.loc["kudu"], table.loc["nyala"]
    assert (kudu["dice"], kudu["low"], kudu["high"]) == (1, 0, 1)
    assert (nyala["dice"], nyala["low"], nyala["high"]) == pytest.approx([2 / 3] * 3)
    often = one | {(f"k{n}", "horns") for n in range(3)}
    table = compare_with_people(run, Config(), rate(tmp_path, {"Ana": often, "Ben": often}))
    assert table["low"][0] == 1
    summary = read_json(run.root / "dice" / "dice.json")
    assert summary["explained"] == "then"
    # Means of species drawn with replacement: 2/3, 5/6 or 1, the outer ones a quarter each.
    assert summary["mean_dice"] == pytest.approx({"value": 5 / 6, "low": 2 / 3, "high": 1})
    assert summary["standard_deviation"] == pytest.approx(np.std([1, 2 / 3], ddof=1))


def test_a_ticked_decoy_lowers_dice(run, tmp_path):
    ticked = {("k0", "horns"), ("k1", "quills"), ("n0", "mane"), ("n0", "stripes")}
    table = compare_with_people(run, Config(), rate(tmp_path, {"Ana": ticked, "Ben": ticked}))
    assert table["dice"].tolist() == pytest.approx([2 / 3, 1])
    config = Config()
    config.human.min_images = 2
    table = compare_with_people(run, config, rate(tmp_path, {"Ana": ticked, "Ben": ticked}))
    assert table["dice"].tolist() == [0, 0]


def test_kappa_is_over_all_offered_features_and_empty_where_all_said_the_same(run, tmp_path):
    ana = {("k0", "horns"), ("k1", "quills")}
    ben = {("k0", "horns"), ("k2", "horns")}
    table = compare_with_people(run, Config(), rate(tmp_path, {"Ana": ana, "Ben": ben}))
    pairs = [[(image, feature) in by for by in (ana, ben)]
             for name, feature, _ in FEATURES if name == "kudu"
             for species, image in IMAGES if species == name]  # fmt: skip
    assert table["kappa"][0] == pytest.approx(slow_kappa(pairs))
    assert np.isnan(table["kappa"][1])  # nobody saw anything on the nyalas
    text = (run.root / "dice" / "dice.csv").read_text().splitlines()
    assert text[2].endswith(",")
    assert text[2].startswith("nyala,0.0,0.0,0.0,3,2,0,0,")


def test_more_images_than_the_sheet_has_are_refused(run, tmp_path):
    config = Config()
    config.human.min_images = 5
    paths = rate(tmp_path, {"Ana": {("k0", "horns")}, "Ben": {("k0", "horns")}})
    with pytest.raises(ValueError, match=r"human\.min_images: expected at most 4, .* got 5"):
        compare_with_people(run, config, paths)
    assert not (run.root / "dice" / "dice.csv").exists()
