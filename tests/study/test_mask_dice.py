"""Maps against marks on pictures: which images count, and each number against counting."""

import shutil

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from reference.slow_quality import slow_dice

from camtrap_jax.config import HumanConfig
from camtrap_jax.explain.faithfulness import pixel_importance
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import create_array, read_json, read_table, write_json, write_table
from camtrap_jax.study.dice import compare_with_marks
from camtrap_jax.study.dice.marked import best_thresholds
from camtrap_jax.study.dice.marks import marked_images
from camtrap_jax.study.dice.summaries import FRACTIONS, rows_of

SIDE = 32  # of the tiny network's images
PARTS = {"nyala": ["stripes"], "kudu": ["horns", "stripes"], "oribi": ["tail"]}


def write_array(run, name, values):
    array = create_array(
        run.root / "explain" / f"{name}.zarr", values.shape, values.dtype, rows_per_chunk=64
    )
    array[...].write(values).result()


@pytest.fixture
def run(tiny_run, tmp_path):
    """A run with random maps of all test images, every one of which was named correctly."""
    run = RunFolder(shutil.copytree(tiny_run, tmp_path / "run"))
    index = read_table(run.root / "explain" / "index.csv")
    index.loc[index["split"] != "unknown", "split"] = "test"
    write_table(run.root / "explain" / "index.csv", index)
    test = run.index.loc[run.index["split"] == "test"].reset_index(drop=True)
    maps = test[["image_id"]].assign(row=range(len(test)), target=test["species"])
    write_table(run.root / "explain" / "maps_index.csv", maps[["row", "image_id", "target"]])
    rng = np.random.default_rng(0)
    write_array(run, "grad_cam", rng.random((len(run.index), 4, 4)).astype(np.float16))
    for name in ("guided_backprop", "guided_grad_cam"):
        write_array(run, name, rng.normal(size=(len(test), SIDE, SIDE, 3)).astype(np.float16))
    return RunFolder(run.root)


def of_test(run):
    return run.index.loc[run.index["split"] == "test"].reset_index(drop=True)


@pytest.fixture
def masks(run, tmp_path):
    """PNG masks of all test images, each a box of its own."""
    folder = tmp_path / "masks"
    for number, path in enumerate(of_test(run)["filepath"]):
        mask = np.zeros((36, 48), np.uint8)
        mask[4 : 10 + number % 15, 10 + number % 15 : 30] = 255
        file = (folder / path).with_suffix(".png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(mask).save(file)
    return folder


def seen(run, folder, path):
    """A mask as the network sees its picture, by Pillow."""
    with Image.open((folder / path).with_suffix(".png")) as mask:
        kept = 36 - round(36 * run.config.data.crop_bottom)
        small = mask.crop((0, 0, 48, kept)).resize((SIDE, SIDE), Image.Resampling.NEAREST)
        return np.asarray(small) != 0


def test_every_mean_is_that_of_counted_pixels(run, masks):
    table = compare_with_marks(run, run.config, masks)
    images = of_test(run)
    marks = [seen(run, masks, path) for path in images["filepath"]]
    stored = {
        "grad_cam": run.array("grad_cam")[images["row"]],
        "guided_grad_cam": run.array("guided_grad_cam"),
    }
    for name, maps in stored.items():
        importance = np.asarray(pixel_importance(maps, (SIDE, SIDE)))
        own = table.loc[table["map"] == name]
        for row in own.loc[own["binarisation"] == "fraction_of_maximum"].itertuples():
            values = [slow_dice(one, mask, np.float32(row.threshold))
                      for one, mask in zip(importance, marks, strict=True)]  # fmt: skip
            assert row.mean == pytest.approx(np.mean(values), rel=1e-4)
            assert row.sd == pytest.approx(np.std(values, ddof=1), rel=1e-4)
            assert row.low <= row.mean <= row.high
            assert row.images == len(images)
        by_size = own.loc[own["binarisation"] == "mask_size"].iloc[0]
        assert by_size["by_chance"] == pytest.approx(np.mean(marks), rel=1e-5)
        best = own.loc[own["binarisation"] != "mask_size"].set_index("threshold")["mean"]
        assert best_thresholds(table)[name] == best.idxmax()
    facts = read_json(run.root / "dice" / "mask_dice.json")
    assert facts["share_of_frame"] == pytest.approx(np.mean(marks))
    assert facts["marks"] == "masks"
    assert facts["counts"]["compared"] == len(images)
    species = read_table(run.root / "dice" / "mask_dice_species.csv")
    assert set(species["species"]) == set(run.dataset.classes)
    mine = species.query("map == 'grad_cam' and binarisation == 'mask_size'")
    weighted = np.average(mine["mean"], weights=mine["images"])
    whole = table.query("map == 'grad_cam' and binarisation == 'mask_size'")["mean"].iloc[0]
    assert weighted == pytest.approx(whole)
    pd.testing.assert_frame_equal(read_table(run.root / "dice" / "mask_dice.csv"), table)


def test_a_map_of_the_marks_themselves_scores_1(run, masks):
    images = of_test(run)
    marks = np.stack([seen(run, masks, path) for path in images["filepath"]])
    write_array(run, "guided_grad_cam", marks[..., None].repeat(3, -1).astype(np.float16) * -2)
    table = compare_with_marks(run, run.config, masks)
    own = table.loc[table["map"] == "guided_grad_cam"]
    assert (own["mean"] == 1).all()
    assert (own["low"] == 1).all()


def test_only_maps_of_the_images_own_species_count(run, masks):
    maps = run.maps_index
    others = {"nyala": "kudu", "kudu": "oribi", "oribi": "kudu - oribi"}
    maps.loc[:3, "target"] = [others[name] for name in of_test(run)["species"][:4]]
    write_table(run.root / "explain" / "maps_index.csv", maps)
    (masks / of_test(run)["filepath"][4]).with_suffix(".png").unlink()
    empty = (masks / of_test(run)["filepath"][5]).with_suffix(".png")
    Image.fromarray(np.zeros((36, 48), np.uint8)).save(empty)
    Image.fromarray(np.zeros((36, 48), np.uint8)).save(masks / "stranger.png")
    marked = marked_images(RunFolder(run.root), run.config, masks)
    assert marked.images["image_id"].tolist() == of_test(run)["image_id"].tolist()[6:]
    total = len(maps)
    assert marked.counts == {
        "images": total - 4, "marked": total, "of_unknown_pictures": 1, "of_two_species": 0,
        "with_maps": total - 5, "empty_masks": 1, "compared": total - 6,
    }  # fmt: skip
    assert marked.notes == [
        f"not in the dataset: 1 of {total} marked pictures, stranger.png",
        f"left out, as nothing is marked: 1 of {total - 5}",
    ]


def test_frames_of_one_burst_are_resampled_together(run, masks):
    manifest = read_table(run.root / "dataset" / "manifest.csv")
    apart = compare_with_marks(run, run.config, masks)
    manifest["camera"] = "C0"
    manifest["sequence"] = "C0-1"
    write_table(run.root / "dataset" / "manifest.csv", manifest)
    (run.root / "dataset" / "prepare.json").unlink()  # which knows the manifest's hash
    together = compare_with_marks(RunFolder(run.root), run.config, masks)
    assert apart["low"].notna().all()
    assert together["low"].isna().all()  # one burst tells nothing of others
    pd.testing.assert_series_equal(apart["mean"], together["mean"])
    text = (run.root / "dice" / "mask_dice.csv").read_text().splitlines()[1]
    assert ",,," in text  # undefined is empty


def test_planted_parts_are_the_marks_of_synthetic_images(run):
    assert compare_with_marks(run, run.config, None) is None
    images = run.index
    folder = run.root / "synthetic"
    numbers = np.zeros((36, 48), np.uint8)
    numbers[:9], numbers[9:18], numbers[18:27] = 1, 2, 3
    files = {path: {"mask": "m.png"} for path in images["filepath"]}
    wrong = of_test(run)["filepath"][0]
    truth = {
        "parts": ["background", "horns", "stripes", "tail"],
        "species": {name: {"diagnostic_parts": own} for name, own in PARTS.items()},
        "images": files,
        "mislabelled": {wrong: "lion"},
    }
    write_json(folder / "truth.json", truth)
    (folder / "masks").mkdir()
    Image.fromarray(numbers).save(folder / "masks" / "m.png")
    facts = read_json(run.root / "provenance.json")
    write_json(run.root / "provenance.json", {**facts, "source": "synthetic"})
    planted = RunFolder(run.root)
    marked = marked_images(planted, run.config, None)
    assert wrong not in set(marked.images["filepath"])
    assert marked.counts["honest"] == len(of_test(run)) - 1
    kept = 36 - round(36 * run.config.data.crop_bottom)
    rows = {"nyala": (9, 18), "kudu": (0, 18), "oribi": (18, 27)}
    for species, mask in zip(marked.images["species"], marked.masks, strict=True):
        first, last = rows[species]
        lines = (np.arange(SIDE) + 0.5) / SIDE * kept
        np.testing.assert_array_equal(mask, ((lines >= first) & (lines < last))[:, None]
                                      .repeat(SIDE, 1))  # fmt: skip
    table = compare_with_marks(planted, run.config, None)
    assert set(table["map"]) == {"grad_cam", "guided_backprop", "guided_grad_cam"}
    assert read_json(run.root / "dice" / "mask_dice.json")["marks"] == "planted diagnostic parts"


def test_marks_that_cannot_be_used_are_one_clear_error(run, masks, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for name in "abcdefg":
        shutil.copy(next(masks.rglob("*.png")), other / f"{name}.png")
    with pytest.raises(ValueError, match=r"such as C0/.*, got 7 of others: a.png, .* and 2 more"):
        marked_images(run, run.config, other)
    file = next(masks.rglob("*.png"))
    Image.fromarray(np.ones((48, 48), np.uint8)).save(file)
    with pytest.raises(ValueError, match=r"is 48 x 48 px, expected the shape .* 48 x 36 px"):
        marked_images(run, run.config, masks)
    for one in masks.rglob("*.png"):
        Image.fromarray(np.zeros((36, 48), np.uint8)).save(one)
    with pytest.raises(ValueError, match=r"got none \(images .*empty_masks .*compared 0\)"):
        marked_images(run, run.config, masks)


def test_a_run_without_maps_of_a_gallery_says_so(run, masks):
    (run.root / "explain" / "maps_index.csv").unlink()
    with pytest.raises(ValueError, match=r"expected maps of a gallery.* explain.maps"):
        marked_images(RunFolder(run.root), run.config, masks)
    assert marked_images(RunFolder(run.root), run.config, None) is None


def test_a_picture_under_two_labels_is_left_out(run, masks):
    manifest = read_table(run.root / "dataset" / "manifest.csv")
    first = of_test(run)["filepath"][0]
    place = manifest.index[manifest["species"] != of_test(run)["species"][0]][0]
    manifest.loc[place, "filepath"] = first
    write_table(run.root / "dataset" / "manifest.csv", manifest)
    (run.root / "dataset" / "prepare.json").unlink()
    marked = marked_images(RunFolder(run.root), run.config, masks)
    assert marked.counts["of_two_species"] == 1
    assert first not in set(marked.images["filepath"])


def test_intervals_are_of_the_mean_over_images_with_bursts_drawn_whole():
    """Bursts of 9, 1 and 1 images; of three drawn, the large one is in none by (2/3)^3 = 0.3."""
    bursts = np.array([0] * 9 + [1, 2])
    chance = np.zeros((11, 1 + len(FRACTIONS)))
    same = rows_of(chance + 0.5, chance, bursts, HumanConfig())[0]
    assert (same["low"], same["high"]) == (0.5, 0.5)
    values = chance + (bursts == 0)[:, None]
    found = rows_of(values, chance, bursts, HumanConfig())[0]
    assert (found["mean"], found["low"], found["high"]) == (pytest.approx(9 / 11), 0, 1)
