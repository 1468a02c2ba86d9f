"""The section on the images: its numbers, names of strangers, and datasets that know less."""

import re

import numpy as np
import pandas as pd
import pytest
from reference.audit_tables import animals, audited, manifest

from camtrap_jax.config import Config, config_to_dict
from camtrap_jax.report.numbers import UNDEFINED
from camtrap_jax.report.page import render_page
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.report.sections.images import images_section
from camtrap_jax.report.sections.overview import overview_section
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import write_json, write_table

HOSTILE = "<img src=x onerror=alert(1)>"
OLD = ("camera_bound_species", "duplicates", "two_labels", "labels_alike", "species")


def table():
    """Six frames of HOSTILE, all but one at one camera, copied, mislabelled, in trained bursts."""
    rows = [
        *animals(HOSTILE, ["C<1>"] * 5 + ["C2"]),
        *animals("oribi", ["C<1>", "C2", "C2", ""], split="test"),
        *animals("lion", ["C2"] * 3, role="unknown", split="unknown"),
        (f"{HOSTILE}/copy.jpg", HOSTILE, "known", "test", "C<1>", f"{HOSTILE}0"),
        ("oribi/again.jpg", "oribi", "known", "train", "C2", f"{HOSTILE}1"),
    ]
    images = manifest(*rows)
    images["sequence"] = ["b"] * 5 + [""] * (len(rows) - 5)
    images.loc[13, "sequence"] = "b"
    images["datetime"] = [f"2016-07-{day + 1:02d} 10:00:00" for day in range(len(rows))]
    return images


def make_run(root, *, audit, failures=(), leak=None):
    images = table()
    write_table(root / "dataset" / "manifest.csv", images)
    known = sorted({HOSTILE, "oribi"})
    write_json(root / "dataset" / "classes.json", {"known": known, "unknown": ["lion"]})
    if audit is not None:
        write_json(root / "dataset" / "audit.json", audit)
    listed = pd.DataFrame(failures, columns=["filepath", "reason"])
    write_table(root / "dataset" / "failures.csv", listed)
    write_json(root / "config.json", config_to_dict(Config()))
    write_json(root / "provenance.json", {"dataset": "dataset"})
    if leak is not None:
        write_table(root / "leak" / "accuracies.csv", leak)
    return RunFolder(root)


def full_audit():
    images = table()
    near = pd.factorize(images["sha256"])[0]
    near[[0, 6, 13]] = 99  # HOSTILE's first frame, its copy and an oribi look alike
    saturation = np.where(images["camera"] == "C<1>", 0.0, 0.3)
    return audited(images, near=near, saturation=saturation, strip=0.05, notes=["no <b>val</b>"])


def page_of(run):
    results = Results(run, Config())
    return render_page(results, Pictures(run, run.root / "report"), title="Study")


def section_of(page):
    return re.search(r'<section id="images">.*?</section>', page, re.DOTALL)[0]


def text_of(html):
    return " ".join(re.sub(r"<[^>]*>", " ", html).replace(UNDEFINED, "-").split())


@pytest.fixture
def run(tmp_path):
    leak = pd.DataFrame(
        {
            "split": ["random", "camera"],
            **{name: [0.912, 0.701] for name in ("overall", "overall_low", "overall_high")},
            **{
                name: [0.905, 0.66]
                for name in ("mean_species", "mean_species_low", "mean_species_high")
            },
            "images": [302, 310],
            "species": [20, 20],
            "same_picture": [0.02, 0.0],
            "near_duplicate": [0.11, 0.0],
            "same_burst": [0.93, np.nan],
            "same_camera": [1.0, 0.0],
        }
    )
    failures = [(f"<i>{n}.jpg", "not a picture") for n in range(12)]
    return make_run(tmp_path, audit=full_audit(), failures=failures, leak=leak)


def test_the_section_says_what_the_audit_found(run):
    text = text_of(section_of(page_of(run)))
    assert "Taken from 2016-07-01 to 2016-07-15" in text
    for words in (
        "Of 5 test images",
        "the same picture copies of a file, byte for byte 1 20.0 %",
        "a picture that looks the same those, and frames that hardly differ 2 40.0 %",
        "a frame of the same burst the same animal, seconds earlier or later 1 20.0 %",
        "a picture of the same camera the same background 4 80.0 %",
        "random 91.2 % 91.2 to 91.2 % 90.5 % 90.5 to 90.5 % 302 2 % 11 % 93 % 100 %",
        "camera 70.1 % 70.1 to 70.1 % 66.0 % 66.0 to 66.0 % 310 0 % 0 % - 0 %",
        "100 % of the pictures have an information strip, up to 5.0 % of the height",
        "12 files or labels were left out; these are the first 10",
        "Copies of a file 1 2",
        "One picture under two labels 1 2",
        "Pictures that look the same under different labels 1 3",
        "Fewer than 300 training images, for the units and the tree:",
    ):
        assert words in text


def test_species_have_their_counts_cameras_and_light(run):
    data = images_section(Results(run, Config()), None)
    rows = {row["species"]: row for row in data["species"]}
    assert [row["species"] for row in data["species"]] == [HOSTILE, "oribi", "lion"]
    hostile, oribi = rows[HOSTILE], rows["oribi"]
    assert (hostile["train"], hostile["test"], hostile["cameras"]) == (6, 1, 2)
    assert (hostile["camera"], hostile["is_bound"]) == ("C<1>", True)
    assert hostile["camera_share"] == pytest.approx(6 / 7)
    assert hostile["infrared"] == pytest.approx(6 / 7)
    assert (oribi["cameras"], oribi["camera"], oribi["is_bound"]) == (2, "C2", False)
    assert oribi["camera_share"] == 3 / 4  # of those with a camera
    assert rows["lion"]["unknown"] == 3


def test_names_of_strangers_are_text(run):
    page = page_of(run)
    assert HOSTILE not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "C<1>" not in page
    for name in ("&lt;img src=x onerror=alert(1)&gt;", "C&lt;1&gt;", "no &lt;b&gt;val&lt;/b&gt;"):
        assert name in page


def test_a_dataset_of_an_older_version_says_what_is_missing(tmp_path):
    new = full_audit()
    old = {name: new[name] for name in OLD}
    run = make_run(tmp_path, audit=old)
    text = text_of(section_of(page_of(run)))
    assert "prepared by an older version" in text
    assert "the audit of this dataset does not say" in text
    assert "Copies of a file 1" in text
    assert "Files that look the same -" in text
    assert "Every file could be read." in text
    assert "What the split flatters" not in text
    assert "Not known for this dataset." in text


def test_a_run_without_an_audit_names_the_command(tmp_path):
    run = make_run(tmp_path, audit=None)
    (run.root / "dataset" / "failures.csv").unlink()
    assert "camtrap prepare" in section_of(page_of(run))


def test_findings_that_are_nothing_are_said_to_be_nothing(tmp_path):
    images = table().assign(split="train", datetime="", camera="", sequence="")
    images["sha256"] = images["filepath"]
    run = make_run(tmp_path, audit=audited(images))
    text = text_of(section_of(page_of(run)))
    assert "there are no test images" in text
    assert "No image has a time." in text
    assert "prepared by an older version" not in text


def test_doubtful_clocks_and_strips_are_named_there_and_at_the_head(tmp_path):
    images = table()
    images["datetime"] = "2016-07-01 12:00:00"
    found = audited(images, saturation=0.0, strip=0.1)
    run = make_run(tmp_path, audit=found)
    page = page_of(run)
    assert 'C&lt;1&gt;</td><td class="right">7</td><td class="right">100 %' in page
    head = text_of(re.search(r"<header>.*?</header>", page, re.DOTALL)[0])
    assert "The clock contradicts the light at C2, C&lt;1&gt;:" in head
    for part in (head, text_of(section_of(page))):
        assert "The information strip takes 10 % of the height and only 7 % is cut off" in part


def test_the_head_takes_the_audits_figures(run, tmp_path):
    overview = overview_section(Results(run, Config()))
    assert overview["burst_share"] == pytest.approx(1 / 5)
    assert overview["near_share"] == pytest.approx(2 / 5)
    assert (overview["two_labels"], overview["duplicates"]) == (1, 1)
    assert (overview["doubtful_labels"], overview["copied_tests"]) == (1, 1)
    old = {name: full_audit()[name] for name in OLD}
    before = overview_section(Results(make_run(tmp_path / "old", audit=old), Config()))
    assert before["burst_share"] == pytest.approx(1 / 5)
    assert np.isnan(before["near_share"])
    assert (before["two_labels"], before["duplicates"], before["clocks"]) == (1, 1, [])
