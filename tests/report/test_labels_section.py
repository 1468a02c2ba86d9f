import shutil

import pytest
from reference.pictured_run import HOSTILE, small_config

from camtrap_jax.report.page import write_report
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.report.results import Results
from camtrap_jax.report.sections.labels import labels_section
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, read_table, write_json, write_table


@pytest.fixture
def doubted(full_run, tmp_path):
    """A run with six suspected labels; the first two are of one burst, the third shows people."""
    root = shutil.copytree(full_run.root, tmp_path / "run", ignore=shutil.ignore_patterns("report"))
    run = RunFolder(root)
    known = run.index[run.index["split"] != "unknown"].iloc[:6]
    table = known[["image_id", "filepath", "split", "camera", "sequence", "species"]].assign(
        sequence=["b1", "b1", "", "", "", ""],
        suggested=HOSTILE,
        score=0.9,
        neighbours_species=0.05,
        neighbours_suggested=0.95,
        predicted="nyala",
        probability_species=0.01,
        probability_suggested=0.98,
    )
    write_table(root / "evaluate" / "suspected_labels.csv", table)
    metrics = read_json(root / "evaluate" / "metrics.json")
    metrics["suspected_labels"] |= {"suspected": 6, "stored_under_both": 2, "test": 1}
    write_json(root / "evaluate" / "metrics.json", metrics)
    pictures = read_table(root / "dataset" / "pictures.csv")
    hidden = pictures["filepath"] == known["filepath"].iloc[2]
    write_table(root / "dataset" / "pictures.csv", pictures.assign(people=hidden.astype(int)))
    return RunFolder(root), table


def test_one_card_a_burst_and_none_with_people(doubted, tmp_path):
    run, table = doubted
    config = small_config()
    found = labels_section(Results(run, config), Pictures(run, tmp_path / "page"))
    assert [card["image_id"] for card in found["cards"]] == list(
        table["image_id"].iloc[[0, 3, 4, 5]]
    )
    assert [card["others"] for card in found["cards"]] == [1, 0, 0, 0]
    assert found["bursts"] == 5
    assert all((tmp_path / "page" / card["picture"]).is_file() for card in found["cards"])
    config.report.mistakes = 2
    found = labels_section(Results(run, config), Pictures(run, tmp_path / "page"))
    assert len(found["cards"]) == 2


def test_the_page_tells_what_is_in_doubt_in_plain_text(doubted):
    run, _ = doubted
    write_report(run, small_config())
    page = (run.root / "report" / "index.html").read_text(encoding="utf-8")
    assert "6 of 56 labels are in doubt, in 5 bursts" in page
    assert "2 more are stored under both labels" in page
    assert HOSTILE not in page


def test_where_no_label_is_in_doubt_the_page_says_so(full_run, tmp_path):
    found = labels_section(Results(full_run, small_config()), Pictures(full_run, tmp_path))
    assert found is not None
    assert len(found["cards"]) <= found["suspected"]
