import numpy as np
import pytest

from camtrap_jax.data.batches.pipeline import read_pixels
from camtrap_jax.explain.render import resize
from camtrap_jax.report.pictures import LONG_SIDE_PX, TILE_PX, Pictures, display_size, slug
from camtrap_jax.report.sheets import GAP_PX, contact_sheet


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Red Duiker", "red-duiker"), ("../../etc", "etc"), ("白犀牛", "x"), ("Élan", "elan")],
)
def test_slug(name, expected):
    assert slug(name) == expected


def test_slug_is_short_and_ends_in_a_letter():
    assert slug("a" * 59 + "-" + "b" * 9) == "a" * 59


@pytest.mark.parametrize(("height", "width"), [(1500, 2048), (640, 480), (1, 5000), (np.nan, 10)])
def test_display_size_keeps_the_shape(height, width):
    shown = display_size(height, width)
    assert max(shown) == LONG_SIDE_PX
    assert min(shown) >= 1
    if height > 100:
        assert shown[0] / shown[1] == pytest.approx(height / width, rel=0.01)


def test_patches_are_where_the_network_saw_them(full_run, tmp_path):
    pictures = Pictures(full_run, tmp_path)
    image_id = full_run.dataset.manifest["image_id"][3]
    seen = read_pixels(full_run.dataset, 3, 64)
    for x, y, size in ((0, 0, 17), (47, 47, 17), (20, 31, 17), (0, 0, 64)):
        tile = pictures.patch(image_id, x, y, size)
        expected = resize(np.ascontiguousarray(seen[y : y + size, x : x + size]), TILE_PX, TILE_PX)
        assert tile.shape == expected.shape
        difference = tile.astype(float) - expected
        shifted = np.roll(tile, 9, axis=1).astype(float) - expected
        assert np.abs(difference).mean() < 0.5 * np.abs(shifted).mean()


def test_maps_that_are_not_stored_are_left_out(full_run, tmp_path):
    pictures = Pictures(full_run, tmp_path)
    manifest = full_run.dataset.manifest
    trained = manifest.loc[manifest["split"] == "train", "image_id"].iloc[0]
    frame = pictures.frame(trained)
    assert pictures.drawn("guided_grad_cam", trained, frame) is None
    assert pictures.drawn("grad_cam", trained, frame).shape == frame.shape


def test_contact_sheet_fills_rows_from_the_top():
    tiles = [np.full((5, 5, 3), value, np.uint8) for value in range(4)]
    sheet = contact_sheet(tiles, places=9)
    pitch = 5 + GAP_PX
    assert sheet.shape == (2 * pitch - GAP_PX, 3 * pitch - GAP_PX, 3)
    for place, value in enumerate(range(4)):
        top, left = place // 3 * pitch, place % 3 * pitch
        assert (sheet[top : top + 5, left : left + 5] == value).all()
    assert (sheet[pitch:, pitch:] == 255).all()
