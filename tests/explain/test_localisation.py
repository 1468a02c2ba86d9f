"""The pointing game against distances counted pixel by pixel."""

import numpy as np
import pytest

from camtrap_jax.explain.localisation import pointing_game


@pytest.mark.parametrize("tolerance", [0.0, 1.0, 1.5, 3.0])
def test_a_maximum_counts_within_the_tolerance_of_the_nearest_pixel_of_the_mask(tolerance):
    rng = np.random.default_rng(0)
    maps = rng.random((40, 9, 12)).astype(np.float32)
    masks = (rng.random((40, 9, 12)) < 0.03).astype(int) * 4
    expected = []
    for image, mask in zip(maps, masks, strict=True):
        row, column = np.unravel_index(image.argmax(), image.shape)
        near = [(row - r) ** 2 + (column - c) ** 2 for r, c in zip(*np.nonzero(mask), strict=True)]
        expected.append(bool(near) and min(near) <= tolerance**2)
    assert {True, False} <= set(expected) or not tolerance
    found = pointing_game(maps, masks, tolerance_px=tolerance)
    np.testing.assert_array_equal(found, expected)


def test_a_map_of_zeros_points_nowhere_and_an_empty_mask_holds_nothing():
    masks = np.ones((2, 4, 4), int)
    masks[1] = 0
    maps = np.zeros((2, 4, 4), np.float32)
    assert not pointing_game(maps, masks).any()
    maps[:, 1, 2] = 1
    np.testing.assert_array_equal(pointing_game(maps, masks, tolerance_px=9), [True, False])


def test_the_first_of_equal_maxima_counts_and_coarse_maps_are_enlarged():
    masks = np.zeros((1, 8, 8), int)
    masks[0, 0, 0] = 1
    assert pointing_game(np.ones((1, 8, 8), np.float32), masks).all()
    coarse = np.zeros((1, 2, 2), np.float32)
    coarse[0, 0, 0] = 1
    assert pointing_game(coarse, masks).all()
    assert not pointing_game(coarse[:, :, ::-1], masks, tolerance_px=2).any()
