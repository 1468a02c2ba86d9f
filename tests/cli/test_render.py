"""Maps on the original pictures: their size, their place, and what cannot be drawn."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from camtrap_jax.explain.render import overlay, saliency_image
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_table

SIZE = (48, 36)
MAPS = ["grad_cam", "guided_backprop", "guided_grad_cam"]


@pytest.fixture
def run(tiny_run, tiny_source, tmp_path):
    """The tiny study with pictures of its own, which a test may damage."""
    source, copy = tmp_path / "source", tmp_path / "run"
    shutil.copytree(tiny_source, source)
    shutil.copytree(tiny_run, copy)
    prepared = copy / "dataset" / "prepare.json"
    facts = json.loads(prepared.read_text())
    prepared.write_text(json.dumps({**facts, "source": str(source)}))
    return RunFolder(copy)


@pytest.fixture
def render(camtrap, run, tmp_path):
    def call(*words):
        return camtrap("render", f"--workdir={run.root}", f"--output={tmp_path / 'out'}", *words)

    return call


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def as_jpeg(values):
    stream = io.BytesIO()
    Image.fromarray(values).save(stream, "JPEG", quality=92, subsampling=0)
    return pixels(stream)


def test_maps_lie_on_the_pictures_in_their_own_size(render, run, tmp_path):
    result = render()
    assert result.code == 0
    table = read_table(tmp_path / "out" / "rendered.csv")
    assert set(table["image_id"]) == set(run.maps_index["image_id"])
    assert list(table.columns) == ["image_id", "filepath", "species", "split", *MAPS]
    seen = round(SIZE[1] * (1 - run.config.data.crop_bottom))
    for row in table.to_dict("records"):
        original = pixels(tmp_path / "source" / row["filepath"])
        position = run.index.loc[run.index["image_id"] == row["image_id"], "row"].to_numpy()
        heatmap = run.rows("grad_cam", position)[0]
        drawn = overlay(original[:seen], heatmap)
        expected = as_jpeg(np.concatenate([drawn, original[seen:]]))
        np.testing.assert_array_equal(pixels(tmp_path / "out" / row["grad_cam"]), expected)
        at = run.maps_index.loc[run.maps_index["image_id"] == row["image_id"], "row"].to_numpy()
        guided = Image.fromarray(saliency_image(run.rows("guided_backprop", at)[0]))
        expected = as_jpeg(np.asarray(guided.resize((SIZE[0], seen), Image.Resampling.BICUBIC)))
        np.testing.assert_array_equal(pixels(tmp_path / "out" / row["guided_backprop"]), expected)


def test_all_images_have_their_heatmaps_drawn(render, run, tmp_path):
    assert render("--images=all", "--species=kudu,lion").code == 0
    table = read_table(tmp_path / "out" / "rendered.csv")
    wanted = run.index.loc[run.index["species"].isin(["kudu", "lion"])]
    assert set(table["image_id"]) == set(wanted["image_id"])
    assert table["grad_cam"].notna().all()
    assert set(table.dropna()["image_id"]) == set(run.maps_index["image_id"]) & set(
        wanted["image_id"]
    )
    written = {path.relative_to(tmp_path / "out").as_posix()
               for path in (tmp_path / "out").rglob("*.jpg")}  # fmt: skip
    assert written == set(table[MAPS].stack().dropna())


def test_together_a_picture_and_its_maps_are_one_file(render, run, tmp_path):
    assert render("--together", "--maps=grad_cam,guided_grad_cam").code == 0
    table = read_table(tmp_path / "out" / "rendered.csv")
    seen = round(SIZE[1] * (1 - run.config.data.crop_bottom))
    for row in table.to_dict("records"):
        drawn = pixels(tmp_path / "out" / row["together"])
        assert drawn.shape == (seen, 3 * SIZE[0] + 8, 3)
        original = pixels(tmp_path / "source" / row["filepath"])[:seen].astype(float)
        assert np.abs(drawn[:, : SIZE[0]] - original).mean() < 4  # JPEG


def test_pictures_that_changed_or_are_gone_are_rows_of_failures(render, run, tmp_path):
    index = run.index.loc[run.index["image_id"].isin(run.maps_index["image_id"])]
    gone, changed, *others = index["filepath"]
    (tmp_path / "source" / gone).unlink()
    Image.new("RGB", SIZE).save(tmp_path / "source" / changed)
    assert render().code == 0
    failures = read_table(tmp_path / "out" / "failures.csv")
    reasons = dict(zip(failures["filepath"], failures["reason"], strict=True))
    assert "No such file" in reasons[gone]
    assert "another picture" in reasons[changed]
    assert set(read_table(tmp_path / "out" / "rendered.csv")["filepath"]) == set(others)


def test_people_are_not_drawn(render, run, tmp_path):
    first = run.maps_index["image_id"][0]
    pictures = run.dataset.pictures
    filepath = run.index.loc[run.index["image_id"] == first, "filepath"].item()
    shows = pictures["filepath"] == filepath
    pictures.assign(people=shows.astype(int)).to_csv(run.dataset.root / "pictures.csv", index=False)
    assert render().code == 0
    drawn = read_table(tmp_path / "out" / "rendered.csv")
    assert set(drawn["image_id"]) == set(run.maps_index["image_id"]) - {first}


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("--maps=grad_cam,occlusion", ("--maps", "guided_backprop", "occlusion")),
        ("--species=kuduu", ("--species", "kudu, lion", "kuduu")),
        ("--species=lion", ("maps_index.csv", "--images=all")),
    ],
)
def test_what_is_not_there_is_one_clear_error(render, tmp_path, word, parts):
    result = render(word)
    assert result.code == 1
    for part in parts:
        assert part in result.error
    assert not (tmp_path / "out").exists()


def test_sources_that_are_gone_and_folders_of_something_else(render, run, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("years of work")
    assert "thesis" not in render().error
    assert "expected an empty folder" in render().error
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.txt"]
    (tmp_path / "out" / "thesis.txt").unlink()
    shutil.rmtree(tmp_path / "source")
    assert "not there any more" in render().error


def test_a_second_call_adds_to_the_folder_of_the_first(render, tmp_path):
    assert render("--maps=grad_cam").code == 0
    assert render("--maps=guided_backprop").code == 0
    assert list((tmp_path / "out").rglob("*-grad_cam.jpg"))
    assert list((tmp_path / "out").rglob("*-guided_backprop.jpg"))


def test_afresh_the_pictures_of_the_call_before_go_and_no_others(render, tmp_path):
    assert render("--maps=grad_cam").code == 0
    (tmp_path / "out" / "mine.jpg").write_bytes(b"")
    assert render("--maps=guided_backprop", "--overwrite").code == 0
    written = list((tmp_path / "out").rglob("*.jpg"))
    assert all("guided_backprop" in path.name or path.name == "mine.jpg" for path in written)
    assert tmp_path / "out" / "mine.jpg" in written
