"""Pictures of one's own instead of the drawings."""

import json

import numpy as np
import pytest
from PIL import Image, ImageDraw

from camtrap_jax.config import SyntheticConfig
from camtrap_jax.synthetic.cutouts import read_backgrounds, read_cutouts
from camtrap_jax.synthetic.dataset import write_dataset


def picture(path, colour, size=(90, 60)):
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.new("RGBA", size, (0, 0, 0, 0))
    ImageDraw.Draw(image).ellipse((8, 8, size[0] - 8, size[1] - 8), fill=(*colour, 255))
    image.save(path)


@pytest.fixture
def folders(tmp_path):
    for k in range(5):
        picture(tmp_path / "sprites" / "known" / f"beast_{k}.png", (40 * k, 90, 200 - 40 * k))
    picture(tmp_path / "sprites" / "unknown" / "stranger.png", (250, 20, 20))
    rng = np.random.default_rng(0)
    for k in range(2):
        noise = rng.integers(0, 255, (12, 16, 3), dtype=np.uint8)
        path = tmp_path / "backgrounds" / f"{k}.jpg"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(noise).resize((320, 240)).save(path)
    return tmp_path


def test_cutouts_make_a_data_set_with_the_part_animal(folders, tmp_path):
    sprites, backgrounds = str(folders / "sprites"), str(folders / "backgrounds")
    config = SyntheticConfig(
        sprites=sprites,
        backgrounds=backgrounds,
        images_per_species=20,
        image_size=96,
        num_cameras=3,
    )
    write_dataset(tmp_path / "data", config, num_workers=1)
    truth = json.loads((tmp_path / "data" / "truth.json").read_text())
    assert truth["parts"] == ["background", "animal"]
    assert truth["trait_distance"] is None
    assert {name: species["role"] for name, species in truth["species"].items()} == {
        **{f"beast {k}": "known" for k in range(5)},
        "stranger": "unknown",
    }
    assert all(species["diagnostic_parts"] == ["animal"] for species in truth["species"].values())
    assert len(truth["camera_bound"]) == 2
    for facts in truth["images"].values():
        mask = np.asarray(Image.open(tmp_path / "data" / "masks" / facts["mask"]))
        assert set(np.unique(mask)) <= {0, 1}
        assert mask.any() == (facts["species"] != "empty")


def test_a_folder_is_a_species_with_several_pictures(tmp_path):
    for name in ("ant", "bee", "cat"):
        picture(tmp_path / f"{name}.png", (9, 9, 9))
    for k in range(3):
        picture(tmp_path / "big_dog" / f"{k}.png", (k, 9, 9))
    Image.new("RGB", (9, 9)).save(tmp_path / "opaque.png")
    (tmp_path / "notes.txt").write_text("no picture")
    cutouts = read_cutouts(tmp_path)
    assert {name: len(cutout.paths) for name, cutout in cutouts.items()} == {
        "ant": 1,
        "bee": 1,
        "big dog": 3,
        "cat": 1,
    }
    assert {cutout.role for cutout in cutouts.values()} == {"known"}


@pytest.mark.parametrize("read", [read_cutouts, read_backgrounds])
def test_missing_and_empty_folders_are_named_in_one_line(tmp_path, read):
    for folder, reason in (
        (tmp_path / "nowhere", "not a folder"),
        (tmp_path, "0 known species|no photographs"),
    ):
        with pytest.raises(ValueError, match=reason) as error:
            read(folder)
        assert str(folder) in str(error.value)
        assert "\n" not in str(error.value)
