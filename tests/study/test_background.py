"""Marks outside the box, counted on maps that were painted by hand."""

import numpy as np
import pandas as pd
import pytest

from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_table
from camtrap_jax.study.quality import background
from camtrap_jax.study.quality.background import write_background

SIDE = 32  # of which a hundredth are 10 pixels
BOX = "0,0,0.5,1"  # the left half


class PaintedRun(RunFolder):
    """A run of which only maps and their images exist."""

    classes = ("kudu", "nyala")

    def __init__(self, root, images, maps):
        super().__init__(root)
        self.__dict__ |= {"index": images, "maps": maps, "config": Config()}
        self.config.model.image_size = SIDE
        self.__dict__["maps_index"] = pd.DataFrame(
            {"row": range(len(images)), "image_id": images["image_id"]}
        )

    def has_array(self, name):
        return name == "guided_grad_cam"

    def rows(self, name, rows):
        return self.maps[rows]


@pytest.fixture
def painted(tmp_path):
    """Of six images: species, camera, burst, and how many of ten bright pixels lie outside."""
    made = [
        *(("nyala", "A", "a", 0), ("nyala", "A", "a", 2), ("nyala", "B", "b", 10)),
        *(("kudu", "B", "c", 0), ("kudu", "B", "d", 1), ("lion", "B", "e", 10)),
    ]
    maps = np.full((6, SIDE, SIDE, 3), 0.01, np.float16)  # a haze, which does not count
    for row, (*_, outside) in enumerate(made):
        maps[row, 3, : 10 - outside, 1] = -5
        maps[row, 3, SIDE - outside :, 2] = 5
    images = pd.DataFrame(made, columns=["species", "camera", "sequence", "outside"])
    images["image_id"] = [f"image {row}" for row in range(6)]
    images["row"] = range(6)
    return PaintedRun(tmp_path, images.assign(split="test", bbox=BOX), maps)


def test_shares_and_ranks_of_species_and_cameras(painted):
    write_background(painted, painted.config, None)
    species = read_table(painted.root / "quality" / "background.csv")
    assert species["species"].tolist() == ["nyala", "kudu"]  # the lion is not known
    np.testing.assert_allclose(species["outside"], [0.4, 0.05], atol=1e-6)
    assert species["images"].tolist() == [3, 2]
    assert species["sequences"].tolist() == [2, 2]
    np.testing.assert_allclose(species["by_chance"], 0.5)
    # Two bursts, of 0.1 and 1: resampled whole, the mean lies anywhere between.
    assert species.loc[0, ["low", "high"]].tolist() == pytest.approx([0.1, 1.0])
    cameras = read_table(painted.root / "quality" / "background_cameras.csv")
    assert cameras["camera"].tolist() == ["B", "A"]
    np.testing.assert_allclose(cameras["outside"], [11 / 30, 0.1], atol=1e-6)


def test_many_maps_are_read_in_parts(painted, monkeypatch):
    write_background(painted, painted.config, None)
    whole = (painted.root / "quality" / "background.csv").read_bytes()
    monkeypatch.setattr(background, "_ROWS", 2)
    write_background(painted, painted.config, None)
    assert (painted.root / "quality" / "background.csv").read_bytes() == whole


def test_images_without_a_box_are_left_out(painted):
    painted.index["bbox"] = [BOX, "", BOX, "", "", BOX]
    write_background(painted, painted.config, None)
    species = read_table(painted.root / "quality" / "background.csv")
    assert species["species"].tolist() == ["nyala"]
    np.testing.assert_allclose(species["outside"], [0.5], atol=1e-6)


def test_without_any_box_nothing_is_written(painted):
    painted.index["bbox"] = ""
    write_background(painted, painted.config, None)
    assert not (painted.root / "quality").exists()


def test_what_moved_animals_lose_decides_the_order(painted):
    moved = painted.index[["image_id", "species", "camera", "sequence"]].iloc[:5].copy()
    moved["at_home"], moved["moved"] = 0.9, [0.9, 0.9, 0.9, 0.1, 1.1]
    moved["lost"] = moved["at_home"] - moved["moved"]
    moved["changed"] = moved["lost"].abs()
    moved["empty_home"], moved["empty_moved"] = [0.2, 0.2, 0.5, 0.6, 0.0], 0.2
    moved["alone"] = moved["empty_home"] - moved["empty_moved"]
    write_background(painted, painted.config, moved)
    species = read_table(painted.root / "quality" / "background.csv")
    assert species["species"].tolist() == ["kudu", "nyala"]  # by marks it is the other way round
    np.testing.assert_allclose(species["lost"], [0.3, 0.0], atol=1e-6)
    np.testing.assert_allclose(species["moved"], [0.6, 0.9], atol=1e-6)
    np.testing.assert_allclose(species["empty_home"], [0.3, 0.3], atol=1e-6)
    np.testing.assert_allclose(species["alone"], [0.1, 0.1], atol=1e-6)
    np.testing.assert_allclose(species["by_place"], [0.3, 0.1], atol=1e-6)
    np.testing.assert_allclose(species["outside"], [0.05, 0.4], atol=1e-6)
    assert species["moved_images"].tolist() == [2, 3]
    # Two bursts of kudus, of which one loses 0.8 and one gains 0.2.
    assert species.loc[0, ["lost_low", "lost_high"]].tolist() == pytest.approx([-0.2, 0.8])
    assert species.loc[0, ["alone_low", "alone_high"]].tolist() == pytest.approx([-0.2, 0.4])
    cameras = read_table(painted.root / "quality" / "background_cameras.csv")
    assert cameras["camera"].tolist() == ["B", "A"]
    np.testing.assert_allclose(cameras["changed"], [1 / 3, 0.0], atol=1e-6)  # gains count, too
    np.testing.assert_allclose(cameras["by_place"], [1 / 3, 0.0], atol=1e-6)
    assert "lost" not in cameras


def test_a_place_that_is_enough_counts_as_one_that_is_needed(painted):
    moved = painted.index[["image_id", "species", "camera", "sequence"]].iloc[:5].copy()
    moved[["at_home", "moved", "empty_home", "empty_moved"]] = 0.5
    moved["lost"] = moved["changed"] = np.where(moved["species"] == "kudu", 0.3, 0.0)
    moved["alone"] = np.where(moved["species"] == "nyala", 0.4, 0.0)
    write_background(painted, painted.config, moved)
    species = read_table(painted.root / "quality" / "background.csv")
    assert species["species"].tolist() == ["nyala", "kudu"]
    np.testing.assert_allclose(species["by_place"], [0.4, 0.3], atol=1e-6)


def test_a_species_that_could_not_be_moved_comes_last(painted):
    moved = painted.index[["image_id", "species", "camera", "sequence"]].iloc[:5].copy()
    moved[["at_home", "empty_home"]] = 0.5
    moved[["moved", "lost", "changed", "empty_moved", "alone"]] = 0.0
    moved.loc[moved["species"] == "nyala", ["moved", "lost", "changed", "empty_moved", "alone"]] = (
        np.nan
    )
    write_background(painted, painted.config, moved)
    text = (painted.root / "quality" / "background.csv").read_text().splitlines()
    assert text[1].startswith("kudu,2,")
    assert text[2].startswith("nyala,0,")
    species = read_table(painted.root / "quality" / "background.csv")
    assert species["moved_images"].tolist() == [2, 0]
    assert np.isnan(species["lost"][1])


def test_without_stored_maps_the_moved_animals_are_written(painted):
    painted.__dict__["has_array"] = lambda name: False
    moved = painted.index[["image_id", "species", "camera", "sequence"]].iloc[:5].copy()
    moved[["at_home", "moved", "lost", "changed", "empty_home", "empty_moved", "alone"]] = 0.25
    write_background(painted, painted.config, moved)
    species = read_table(painted.root / "quality" / "background.csv")
    np.testing.assert_allclose(species["lost"], 0.25)
    assert species["outside"].isna().all()
