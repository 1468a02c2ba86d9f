"""Frames that show people are in no gallery, whatever else they show."""

import shutil

import pandas as pd
import pytest
from reference.tiny_study import tiny_config

from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.store import read_json, read_table, write_json, write_table
from camtrap_jax.study.console import Silent
from camtrap_jax.study.stages import STAGES


@pytest.fixture(scope="module")
def with_people(tiny_run, tmp_path_factory):
    """A trained run; people are in every other picture."""
    root = shutil.copytree(tiny_run, tmp_path_factory.mktemp("people") / "run")
    path = root / "dataset" / "pictures.csv"
    files = read_table(path)
    write_table(path, files.assign(people=[n % 2 for n in range(len(files))]))
    places = read_json(root / "provenance.json")
    digest = DatasetFolder(root / "dataset").digest
    assert digest != places["dataset_sha256"]  # galleries made before are not up to date
    write_json(root / "provenance.json", {**places, "dataset_sha256": digest})
    return root


def galleries(root, *, show_people):
    """Runs all stages after the training; returns the images in galleries, and the page."""
    config = tiny_config()
    config.explain.show_people = show_people
    config.explain.gallery_per_species = config.units.patches = 99
    config.report.panels_per_species = config.report.mistakes = 99
    write_json(root / "train" / "stage.json", {"key": ""})
    shutil.rmtree(root / "report")
    config_file = read_json(root / "config.json")
    config_file["explain"]["show_people"] = show_people
    write_json(root / "config.json", config_file)
    for name in STAGES:
        run = RunFolder(root)
        if name != "train":
            STAGES[name].run(run, config, Silent())
    tables = [read_table(root / name) for name in ("explain/maps_index.csv", "units/patches.csv")]
    return set(pd.concat(tables)["image_id"]), (root / "report" / "index.html").read_text()


def test_people_are_shown_only_where_asked_for(with_people):
    people = RunFolder(with_people).dataset.people
    assert len(people) > 10
    shown, page = galleries(with_people, show_people=False)
    assert shown
    assert not shown & people
    assert not any(image_id in page for image_id in people)
    shown, page = galleries(with_people, show_people=True)
    assert shown & people
    assert any(image_id in page for image_id in people)
