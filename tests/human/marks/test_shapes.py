"""What shapes cover, against point-in-polygon by hand, Pillow's scaling and closed forms."""

import numpy as np
import pytest
from PIL import Image
from reference.slow_marks import slow_inside

from camtrap_jax.human.marks import Drawing, mask_of
from camtrap_jax.human.marks.shapes import Circle, Painted, Polygon


def drawn(*shapes, size=(40.0, 30.0)):
    return Drawing("marks.json: images[0]", size, shapes)


def test_a_polygon_covers_the_points_inside_also_where_it_is_hollow_or_crosses_itself():
    rng = np.random.default_rng(0)
    star = [[20 + 14 * np.sin(k * 4 * np.pi / 5), 15 - 14 * np.cos(k * 4 * np.pi / 5)]
            for k in range(5)]  # fmt: skip
    for corners in (star, (rng.random((9, 2)) * [40, 30]).tolist(), [[1, 2], [33, 5], [9, 28]]):
        mask = mask_of(drawn(Polygon(np.array(corners))), (40, 30), crop_bottom=0, size_px=24)
        expected = [
            [slow_inside(corners, (x + 0.5) * 40 / 24, (y + 0.5) * 30 / 24) for x in range(24)]
            for y in range(24)
        ]
        np.testing.assert_array_equal(mask, expected)
        assert 0 < mask.mean() < 1


@pytest.mark.parametrize(("size", "crop"), [(16, 0.0), (16, 0.1), (50, 0.07)])
def test_painted_pixels_are_cut_and_scaled_as_pillow_does(size, crop):
    pixels = np.random.default_rng(0).random((30, 41)) < 0.4
    mask = mask_of(drawn(Painted(pixels), size=(41, 30)), (41, 30), crop_bottom=crop, size_px=size)
    kept = 30 - round(30 * crop)
    whole = Image.fromarray(pixels[:kept].astype(np.uint8))
    expected = whole.resize((size, size), Image.Resampling.NEAREST)
    np.testing.assert_array_equal(mask, np.asarray(expected) != 0)


def test_a_rectangle_has_its_area_and_a_circle_its_own():
    box = Polygon(np.array([[10, 0], [20, 0], [20, 15], [10, 15]], float))
    mask = mask_of(drawn(box), (40, 30), crop_bottom=0, size_px=64)
    assert mask.sum() == 64 * 64 / 8
    rows, columns = np.nonzero(mask)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (16, 31, 0, 31)
    disc = Circle(np.array([20.0, 15.0]), 10)
    share = mask_of(drawn(disc), (40, 30), crop_bottom=0, size_px=400).mean()
    assert share == pytest.approx(np.pi * 100 / 1200, rel=1e-2)


def test_shapes_are_united_and_nothing_drawn_is_an_empty_mask():
    left, right = (Polygon(np.array([[x, 0], [x + 20, 0], [x + 20, 30], [x, 30]], float))
                   for x in (0, 10))  # fmt: skip
    settings = {"crop_bottom": 0, "size_px": 8}
    united = mask_of(drawn(left, right), (40, 30), **settings)
    assert united[:, :6].all()
    assert not united[:, 6:].any()
    assert not mask_of(drawn(), (40, 30), **settings).any()


def test_a_drawing_may_be_smaller_than_its_picture_but_not_of_another_shape():
    box = Polygon(np.array([[0, 0], [20, 0], [20, 30], [0, 30]], float))
    large = mask_of(drawn(box), (1920, 1440), crop_bottom=0.1, size_px=10)
    np.testing.assert_array_equal(large, np.arange(10)[None].repeat(10, 0) < 5)
    with pytest.raises(ValueError, match=r"images\[0\]: is 40 x 30 px, expected .* 1920 x 1080 px"):
        mask_of(drawn(box), (1920, 1080), crop_bottom=0, size_px=10)
    with pytest.raises(ValueError, match=r"seems to be turned; mark the picture as it is seen"):
        mask_of(drawn(box), (1440, 1920), crop_bottom=0, size_px=10)
    # The whole picture is marked, not what is left of it without its strip.
    with pytest.raises(ValueError, match="mark the whole picture"):
        mask_of(drawn(box, size=(40, 28)), (40, 30), crop_bottom=0.07, size_px=10)
