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
    write_background(painted, painted.config)
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
    write_background(painted, painted.config)
    whole = (painted.root / "quality" / "background.csv").read_bytes()
    monkeypatch.setattr(background, "_ROWS", 2)
    write_background(painted, painted.config)
    assert (painted.root / "quality" / "background.csv").read_bytes() == whole


def test_images_without_a_box_are_left_out(painted):
    painted.index["bbox"] = [BOX, "", BOX, "", "", BOX]
    write_background(painted, painted.config)
    species = read_table(painted.root / "quality" / "background.csv")
    assert species["species"].tolist() == ["nyala"]
    np.testing.assert_allclose(species["outside"], [0.5], atol=1e-6)


def test_without_any_box_nothing_is_written(painted):
    painted.index["bbox"] = ""
    write_background(painted, painted.config)
    assert not (painted.root / "quality").exists()
