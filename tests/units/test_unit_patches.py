import numpy as np
import pytest

from camtrap_jax.units import hottest_images, patch_origin, purity, top_units


def test_patch_lies_around_the_cell_by_hand():
    # VGG-16: 14 x 14 cells of 16 px; cell (6, 3) has its centre at x = 56, y = 104.
    x, y, size = patch_origin(np.array([6 * 14 + 3]), (14, 14), 224, 60)
    assert (x[0], y[0], size) == (26, 74, 60)
    # ResNet-50: 7 x 7 cells of 32 px; the corners are clipped to the image.
    x, y, size = patch_origin(np.array([0, 6, 48]), (7, 7), 224, 60)
    np.testing.assert_array_equal(x, [0, 164, 164])
    np.testing.assert_array_equal(y, [0, 0, 164])


@pytest.mark.parametrize(("image_px", "patch_px"), [(224, 60), (96, 60), (33, 1), (64, 224)])
@pytest.mark.parametrize("map_hw", [(14, 14), (3, 5), (1, 1)])
def test_patch_lies_inside_and_as_central_as_possible(image_px, patch_px, map_hw):
    cells = np.arange(map_hw[0] * map_hw[1])
    x, y, size = patch_origin(cells, map_hw, image_px, patch_px)
    assert size == max(1, int(patch_px * image_px / 224 + 0.5))
    for cell in cells:
        row, column = divmod(cell, map_hw[1])
        for start, place, count in ((x[cell], column, map_hw[1]), (y[cell], row, map_hw[0])):
            centre = (place + 0.5) * image_px / count
            best = min(range(image_px - size + 1), key=lambda s, c=centre: abs(s + size / 2 - c))
            assert 0 <= start <= image_px - size
            assert abs(start + size / 2 - centre) == abs(best + size / 2 - centre)


def test_hottest_images_come_first_and_ties_in_order():
    responses = np.array([1, 5, 3, 5, 0], np.float32)
    np.testing.assert_array_equal(hottest_images(responses, 3), [1, 3, 2])
    np.testing.assert_array_equal(hottest_images(responses, 9), [1, 3, 2, 0, 4])


def test_purity_is_the_share_of_the_commonest_camera():
    assert purity(["a", "b", "a", "c"]) == 0.5
    assert purity(["a"] * 9) == 1
    assert purity(["", "a", "b", ""]) == 0.5
    assert np.isnan(purity(["", ""]))
    assert np.isnan(purity([]))


def test_top_units_rank_by_information_among_those_that_respond_more():
    information = np.array([[0.3, 0.1], [0.9, 0.1], [0.5, 0.2], [0.5, 0.0]])
    signs = np.array([[1, 1], [-1, 1], [1, -1], [1, -1]])
    np.testing.assert_array_equal(top_units(information, signs, count=3), [[2, 3, 0], [0, 1, -1]])
    np.testing.assert_array_equal(
        top_units(information, signs, count=2, any_sign=True), [[1, 2], [2, 0]]
    )
    np.testing.assert_array_equal(
        top_units(information[:1], signs[:1], count=3), [[0, -1, -1], [0, -1, -1]]
    )


def test_rounding_does_not_decide_the_rank():
    information = np.array([[0.5], [0.5 + 5e-8], [0.5 - 5e-8]])
    ranked = top_units(information, np.ones_like(information, int), count=3)
    np.testing.assert_array_equal(ranked, [[0, 1, 2]])
