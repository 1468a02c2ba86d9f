import shutil

import numpy as np
import pandas as pd
import pytest

from camtrap_jax.report import page
from camtrap_jax.report.page import write_report
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.report.sections.human import human_section
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import write_json, write_table


@pytest.fixture
def run(full_run, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "SECTIONS", {"human": page.SECTIONS["human"]})
    run = RunFolder(shutil.copytree(full_run.root, tmp_path / "run"))
    write_json(run.root / "explain" / "stage.json", {"key": "of now"})
    return run


def section_of(run):
    return human_section(Results(run, run.config), Pictures(run, run.root / "report"))


def page_of(run):
    write_report(run, run.config)
    return (run.root / "report" / "index.html").read_text(encoding="utf-8")


def test_features_are_sorted_by_who_sees_them(run):
    assert section_of(run) is None
    assert "What people see" not in page_of(run)
    write_people(run)
    rows = section_of(run)["people"]["rows"]
    assert [row["species"] for row in rows] == ["nyala", "kudu"]
    assert rows[1]["shared"] == ["horns"]
    assert rows[1]["not_shown"] == ["stripes"]
    assert rows[1]["also_shown"] == ["<b>mound</b>"]
    text = page_of(run)
    assert "&lt;b&gt;mound&lt;/b&gt;" in text
    assert "Mean 0.70 (0.50 to 0.80)" in text
    assert "show a feature: 1: 0.70 · 2: 0.65." in text
    assert "Pixel by pixel" not in text
    assert "made anew since" not in text
    write_json(run.root / "explain" / "stage.json", {"key": "of other maps"})
    assert "made anew since" in page_of(run)


def test_the_sweep_has_its_best_threshold_and_undefined_numbers_are_dashes(run):
    write_marks(run)
    marks = section_of(run)["marks"]
    best, blank = marks["methods"]
    assert best["title"] == "Grad-CAM"
    assert (best["by_size"]["value"], best["best"]["value"]) == (0.4, 0.5)
    assert best["best"]["threshold"] == 0.2
    assert blank["best"] is None
    assert [row["species"] for row in marks["species"]] == ["kudu", "nyala"]
    text = page_of(run)
    assert "Fleiss" not in text  # nobody rated
    assert "Pixel by pixel" in text
    assert "(&lt;i&gt;marks)" in text
    assert "2 &lt;pictures&gt;." in text
    section = text[text.index('id="human"') :]
    assert "nan" not in section[: section.index("</section>")]


def write_marks(run):
    names, ways = ("grad_cam", "guided_grad_cam"), ("mask_size", *["fraction_of_maximum"] * 3)
    means = {"grad_cam": [0.4, 0.3, 0.5, 0.1], "guided_grad_cam": [np.nan] * 4}
    table = pd.concat(
        pd.DataFrame({"map": name, "binarisation": ways, "threshold": [np.nan, 0.05, 0.2, 0.9],
                      "images": 3, "mean": means[name], "low": np.array(means[name]) - 0.1,
                      "high": np.array(means[name]) + 0.1, "sd": 0.1,
                      "by_chance": np.array(means[name]) / 4})
        for name in names
    )  # fmt: skip
    write_table(run.root / "dice" / "mask_dice.csv", table)
    species = pd.concat([table.assign(species=name) for name in ("nyala", "kudu")])
    write_table(run.root / "dice" / "mask_dice_species.csv", species)
    facts = {"marks": "<i>marks", "counts": {"compared": 3}, "share_of_frame": 0.05,
             "notes": ["2 <pictures>"]}  # fmt: skip
    write_json(run.root / "dice" / "mask_dice.json", {**facts, "explained": "of now"})


def write_people(run):
    species = [("kudu", 0.5, 0.2, 0.8, 0.4), ("nyala", 0.9, 0.6, 1.0, None)]
    columns = ["species", "dice", "low", "high", "kappa"]
    write_table(run.root / "dice" / "dice.csv", pd.DataFrame(species, columns=columns))
    features = [
        *(("kudu", "horns", "descriptor", 3), ("kudu", "stripes", "descriptor", 1)),
        *(("kudu", "<b>mound</b>", "other", 2), ("kudu", "shadow", "other", 0)),
        ("nyala", "mane", "descriptor", 2),
    ]
    columns = ["species", "feature", "kind", "shown_on"]
    write_table(run.root / "dice" / "features.csv", pd.DataFrame(features, columns=columns))
    choices = [(1, 1, 0.4), (2, 1, 0.7), (2, 2, 0.65)]
    columns = ["agreement", "min_images", "mean_dice"]
    write_table(run.root / "dice" / "agreement.csv", pd.DataFrame(choices, columns=columns))
    summary = {
        "mean_dice": {"value": 0.7, "low": 0.5, "high": 0.8},
        "standard_deviation": 0.28,
        "raters": ["Ana", "Ben"],
        "fleiss_kappa": 0.4,
        "agreement": 2,
        "min_images": 2,
        "species": 2,
        "explained": "of now",
    }
    write_json(run.root / "dice" / "dice.json", summary)
