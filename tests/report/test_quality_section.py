import shutil

import pandas as pd
import pytest

from camtrap_jax.config import METHODS
from camtrap_jax.explain.engine import Explanation
from camtrap_jax.explain.methods import METHODS as BY_NAME
from camtrap_jax.explain.methods import TITLES
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.report.sections.quality import chance_of, doubts, quality_section
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import write_table

GOOD = {
    "randomisation_similarity": 0.1,
    "class_similarity": 0.6,
    "noise_similarity": 0.8,
    "deletion_auc": {"value": 0.2, "low": 0.15, "high": 0.25},
}
CHANCE = {"deletion_auc": {"value": 0.3, "low": 0.26, "high": 0.35}}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, []),
        ({"randomisation_similarity": {"value": 0.5}}, ["forgotten everything"]),
        ({"randomisation_similarity": None}, []),  # every map was blank
        ({"class_similarity": 0.95}, ["another species"]),
        ({"noise_similarity": 0.3}, ["noise"]),
        ({"deletion_auc": {"value": 0.2, "low": 0.1, "high": 0.27}}, ["no better than chance"]),
        ({"deletion_auc": None}, ["no better than chance"]),
        ({"class_similarity": 1.0, "noise_similarity": 0.0}, ["another species", "noise"]),
    ],
)
def test_what_speaks_against_a_method(changed, words):
    found = doubts({**GOOD, **changed}, CHANCE)
    assert len(found) == len(words)
    for line, word in zip(found, words, strict=True):
        assert word in line


def test_every_method_has_its_place_everywhere():
    assert set(BY_NAME) == set(METHODS) == set(TITLES)
    assert set(BY_NAME) < set(Explanation._fields)


def test_a_map_is_held_against_chance_of_its_own_grain():
    coarse = {name for name in METHODS if chance_of(name) == "random_heatmap"}
    cams = {"grad_cam", "grad_cam_plus_plus", "hires_cam", "layer_cam", "xgrad_cam", "score_cam"}
    assert coarse == cams


def section_of(run):
    return quality_section(Results(run, run.config), Pictures(run, run.root / "report"))


def test_species_with_a_telling_place_are_flagged(full_run, tmp_path):
    run = RunFolder(shutil.copytree(full_run.root, tmp_path / "run"))
    table = pd.DataFrame(
        [
            ("both", 0.4, 0.2, 0.6, 0.5, 0.3, 0.1),
            ("alone", 0.0, -0.1, 0.1, 0.3, 0.1, 0.2),
            ("needed", 0.3, 0.1, 0.5, 0.1, 0.0, 0.4),
            ("by chance", 0.3, -0.1, 0.7, 0.4, 0.0, 0.9),
            ("for sure, but little", 0.19, 0.1, 0.2, 0.19, 0.1, None),
            ("never moved", None, None, None, None, None, 0.5),
        ],
        columns=["species", "lost", "lost_low", "lost_high", "alone", "alone_low", "outside"],
    )
    table["by_place"] = table[["lost", "alone"]].max(axis=1)
    for name in ("images", "at_home", "moved", "empty_home", "alone_high", "low", "by_chance"):
        table[name] = 0.5
    write_table(run.root / "quality" / "background.csv", table)
    cameras = table.rename(columns=lambda name: name.replace("lost", "changed"))
    cameras = cameras.rename(columns={"species": "camera"})
    write_table(run.root / "quality" / "background_cameras.csv", cameras)
    found = section_of(run)
    assert [row["species"] for row in found["moved"]] == table["species"].tolist()[:5]
    assert [row["doubt"] for row in found["moved"]] == [
        "needs the place, and names it without the animal",
        "names the place without the animal",
        "needs the place",
        None,
        None,
    ]
    assert [row["camera"] for row in found["cameras"]] == table["species"].tolist()[:5]
    marked = ["by chance", "never moved", "needed", "alone", "both"]
    assert [row["species"] for row in found["marks"]] == marked


def test_where_nothing_was_moved_there_is_no_table_of_it(full_run):
    found = section_of(full_run)
    assert found["moved"] == found["cameras"] == found["marks"] == []
