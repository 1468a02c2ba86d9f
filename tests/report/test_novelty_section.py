import json
import shutil

import pytest
from reference.pictured_run import UNKNOWN, small_config

from camtrap_jax.report import page
from camtrap_jax.report.results import Results
from camtrap_jax.report.sections.detection import detection_data
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, read_table, write_json, write_table


@pytest.fixture
def run(full_run, tmp_path, monkeypatch):
    """A copy of the run, of whose page the other sections are left out."""
    monkeypatch.setattr(page, "SECTIONS", {"novelty": page.SECTIONS["novelty"]})
    shutil.copytree(full_run.root, tmp_path / "run", ignore=shutil.ignore_patterns("report"))
    return RunFolder(tmp_path / "run")


def change(run, function):
    path = run.root / "novelty" / "novelty.json"
    summary = read_json(path)
    function(summary)
    write_json(path, summary)


def page_of(run):
    page.write_report(run, small_config())
    return " ".join((run.root / "report" / "index.html").read_text(encoding="utf-8").split())


def test_the_highest_of_each_row_is_bold(run):
    species = detection_data(Results(run, small_config()))["species"]
    assert sorted(row["name"] for row in species) == sorted(UNKNOWN)
    table = read_table(run.root / "novelty/per_species.csv")
    for row in species:
        own = table.loc[table["species"] == row["name"], "auroc"]
        bold = [cell["value"] for cell in row["cells"] if cell["best"]]
        assert bold
        assert set(bold) == {own.max()}
    assert [row["kind"] for row in species] == ["near", "far"]


def test_an_undefined_score_is_a_dash_and_says_why(run):
    data = detection_data(Results(run, small_config()))
    assert [score["key"] for score in data["scores"]][-1] == "vim"
    text = page_of(run)
    assert "ViM is undefined: the run has no weights." in text
    row = text[text.index("<td>ViM") :]
    assert row[: row.index("</tr>")].count("\N{EN DASH}") == 7


def test_images_of_trained_bursts_are_counted_and_the_others_compared(run):
    interval = {"value": 0.123, "low": 0.1, "high": 0.2}

    def some_are_new(summary):
        summary["known_images"], summary["known_of_new_bursts"] = 9, {"images": 4, "bursts": 3}
        for score in summary["scores"].values():
            score["new_bursts"] = {"auroc": interval, "best_share": 0.2}

    change(run, some_are_new)
    text = page_of(run)
    assert "▲ 5 of the 9 test images are frames of bursts that the network was trained on." in text
    assert "against the 4 test images of 3 other bursts" in text
    assert "0.123<br><small>0.100 to 0.200</small>" in text
    change(run, lambda s: s.update(known_of_new_bursts={"images": 0, "bursts": 0}))
    text = page_of(run)
    assert "▲ 9 of the 9 test images" in text
    assert "There are no others here" in text
    for new in ({"images": 9, "bursts": 5}, None):  # all are new; nobody knows
        change(run, lambda s, new=new: s.update(known_of_new_bursts=new))
        text = page_of(run)
        assert "that the network was trained on.</span>" not in text
        assert '<th class="right">new bursts</th>' not in text


def test_the_verdict_is_given_with_its_spread(run):
    change(run, lambda s: s.update(unknown_above_of_rounds=[1, 0, 2]))
    text = page_of(run)
    assert "each with the threshold that it sets itself, it would be 0 to 2." in text
    assert "; 0 to 2 by single rounds" in text


def test_the_review_list_is_shown_once_and_without_people(run):
    review = read_table(run.root / "novelty/review.csv")
    assert len(review) > 10
    first = review["image_id"].tolist()[0]
    assert page_of(run).count(f'src="images/novelty-{first}.jpg"') >= 1
    gallery = page_of(run).partition("The least familiar of all")[2].partition("</details>")[0]
    assert gallery.count("<figure>") == 10
    write_table(run.root / "novelty/review.csv", review.head(3))
    text = page_of(run)
    assert (
        text.partition("The least familiar of all")[2].partition("</details>")[0].count("<figure>")
        == 3
    )


def test_a_run_of_an_older_version_is_still_shown(run):
    for name in ("scores.csv", "per_species.csv", "near_far.csv", "review.csv"):
        (run.root / "novelty" / name).unlink()
    shutil.rmtree(run.root / "novelty/review")
    numbers = {"auroc": 0.987, "fpr95": 0.25, "aupr_in": 0.5, "aupr_out": 0.5}
    old = {
        "threshold": {"value": 1.2, "low": 1.1, "high": 1.3},
        "threshold_species": "nyala",
        "unknown_above_threshold": 1,
        "scores": dict.fromkeys(("unfamiliarity", "msp", "energy", "knn"), numbers),
        "known_images": 6,
    }
    (run.root / "novelty/novelty.json").write_text(json.dumps(old), encoding="utf-8")
    text = page_of(run)
    assert text.count('<td class="right">0.987</td>') == 4
    assert "The least familiar of all" in text
    assert "near species" not in text
    assert "draws of bursts" not in text
