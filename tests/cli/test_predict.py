"""`camtrap predict`, `camtrap evaluate --format` and `camtrap weights --export=X.camtrap`."""

import json
import random
import shutil

import pytest
from reference.camtrap_dp_rules import violations
from reference.card import NUM_PICTURES, write_card
from reference.processes import camtrap as camtrap_process
from reference.processes import start_camtrap
from reference.waiting import after, kill_when

from camtrap_jax.data.sources.megadetector import read_boxes
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_table
from camtrap_jax.study.stages import stage_key

RESULTS = ("predictions.csv", "failures.csv")


@pytest.fixture
def card(tiny_source, tmp_path):
    write_card(tmp_path / "card", tiny_source)
    return tmp_path / "card"


@pytest.fixture(scope="module")
def one_file(tiny_run, tmp_path_factory):
    return tmp_path_factory.mktemp("one") / "net.camtrap"


@pytest.fixture
def predict(camtrap, card, tiny_run, tmp_path):
    def run(*words, workdir=tiny_run, source=card):
        places = [f"--workdir={workdir}", f"--source={source}", f"--output={tmp_path / 'out'}"]
        return camtrap("predict", *places, "--batch_size=4", *words)

    return run


def test_a_run_and_its_one_file_say_the_same_and_again_does_nothing(
    camtrap, predict, one_file, tiny_run, tmp_path
):
    result = predict("--format=megadetector,camtrap_dp")
    assert result.code == 0, result.err
    assert f"predict: {NUM_PICTURES} pictures of 1 cameras in 9 sequences" in result.err
    assert f"predict: done, {tmp_path / 'out'}" in result.err
    before = {name: (tmp_path / "out" / name).read_bytes() for name in RESULTS}
    export = camtrap("weights", f"--workdir={tiny_run}", f"--export={one_file}")
    assert (export.code, f"{one_file}" in export.err) == (0, True)
    again = predict("--format=megadetector,camtrap_dp", workdir=one_file)
    assert again.err.splitlines() == [f"predict: up to date, {tmp_path / 'out'}"]
    result = predict("--overwrite", workdir=one_file)
    assert result.code == 0
    assert {name: (tmp_path / "out" / name).read_bytes() for name in RESULTS} == before


@pytest.mark.parametrize(
    ("words", "settings", "part"),
    [
        ([], {"source": "absent"}, "absent: no such file or folder; --source names the pictures"),
        ([], {"source": "{empty}"}, "empty: no pictures found"),
        ([], {"workdir": "absent"}, "absent: no such file or run folder"),
        ([], {"workdir": "{empty}"}, "run `camtrap train` first"),
        (["--output={taken}"], {}, "taken: exists and holds no predictions"),
        (["--output={taken}", "--overwrite"], {}, "taken: exists and holds no predictions"),
        (["--output={card}/out"], {}, "give --output elsewhere"),
        (["--boxes={taken}/notes.txt"], {}, "notes.txt: expected JSON"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(predict, card, tmp_path, *, words, settings, part):
    (tmp_path / "empty").mkdir()
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "notes.txt").write_text("mine")
    places = {"empty": tmp_path / "empty", "taken": tmp_path / "taken", "card": card}
    settings = {name: str(value).format(**places) for name, value in settings.items()}
    before = sorted(tmp_path.rglob("*"))
    refused = predict(*[word.format(**places) for word in words], **settings)
    assert refused.code == 1
    assert part in refused.error
    assert sorted(tmp_path.rglob("*")) == before


def test_unreadable_pictures_alone_are_an_error(predict, card):
    for path in card.rglob("*.JPG"):
        path.write_bytes(b"no picture")
    refused = predict()
    assert refused.code == 1
    assert "none of 12 pictures can be read; the first: North/DCIM/100RECNX" in refused.error


@pytest.mark.parametrize("word", ["--format=xml", "--batch_size=0", "--box_confidence=2"])
def test_wrong_words(predict, word):
    assert predict(word).code == 2


def test_the_one_file_is_made_of_a_run_only(camtrap, tiny_run, tmp_path):
    words = [f"--import={tiny_run / 'weights.safetensors'}", f"--export={tmp_path / 'x.camtrap'}"]
    refused = camtrap("weights", *words)
    assert refused.code == 1
    assert "x.camtrap: is written with --workdir=RUN --export=" in refused.error
    assert not list(tmp_path.iterdir())


def test_evaluate_exports_the_test_images(camtrap, tiny_run, tmp_path):
    run = shutil.copytree(tiny_run, tmp_path / "run")
    manifest = run / "dataset" / "manifest.csv"
    refused = camtrap("evaluate", f"--workdir={run}", "--format=camtrap_dp")
    assert refused.code == 1
    assert "no time, which Camtrap DP requires" in refused.error
    timed(run, manifest)
    result = camtrap("evaluate", f"--workdir={run}", "--format=megadetector,camtrap_dp")
    assert result.code == 0, result.err
    test = RunFolder(run).index.query("split == 'test'")
    written = read_table(run / "evaluate" / "predictions.csv").set_index("image_id")
    predicted = dict(zip(test["filepath"], written.loc[test["image_id"], "predicted"], strict=True))
    path = run / "evaluate" / "megadetector.json"
    assert sorted(read_boxes(path, min_confidence=0.5).animals) == sorted(predicted)
    found = json.loads(path.read_text())
    names = found["classification_categories"]
    best = {e["file"]: e["detections"][0]["classifications"][0][0] for e in found["images"]}
    assert {file: names[label] for file, label in best.items()} == predicted
    assert violations(run / "evaluate" / "camtrap_dp") == []
    observed = read_table(run / "evaluate" / "camtrap_dp" / "observations.csv")
    assert dict(zip(observed["mediaID"], observed["scientificName"], strict=True)) == predicted
    before = path.read_bytes()
    camtrap("evaluate", f"--workdir={run}", "--format=megadetector")
    assert path.read_bytes() == before


def timed(run, manifest):
    """Gives every image of a dataset a time, and lets the run count as one of that dataset."""
    table = read_table(manifest)
    table["datetime"] = [f"2021-01-01 00:{row // 60:02d}:{row % 60:02d}" for row in table.index]
    table.to_csv(manifest, index=False)
    (run / "dataset" / "prepare.json").unlink()  # which knows the manifest by its hash
    provenance = json.loads((run / "provenance.json").read_text())
    provenance["dataset_sha256"] = RunFolder(run).dataset.digest
    (run / "provenance.json").write_text(json.dumps(provenance))
    folder = RunFolder(run)
    for name in ("train", "explain"):
        key = {"key": stage_key(name, folder, folder.config)}
        (run / name / "stage.json").write_text(json.dumps(key))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8))
def test_killed_at_any_moment_it_ends_where_an_undisturbed_one_does(tiny_run, card, tmp_path, seed):
    for number in range(60):  # enough for several parts
        shutil.copytree(card, tmp_path / "large" / str(number))
    words = ["predict", f"--workdir={tiny_run}", f"--source={tmp_path / 'large'}"]
    words += ["--batch_size=4"]
    log = tmp_path / "log"
    assert camtrap_process(*words, f"--output={tmp_path / 'whole'}", log=log) == 0
    draw = random.Random(seed)
    output = tmp_path / "out"
    words.append(f"--output={output}")
    for _ in range(3):
        begun = after(draw.uniform(0, 0.6), (output / ".parts").exists)
        kill_when(start_camtrap(*words, log=log), begun)
    assert camtrap_process(*words, log=log) == 0, log.read_text()
    for name in RESULTS:
        assert (output / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert not [path for path in output.rglob("*") if path.name.endswith(".tmp")]
