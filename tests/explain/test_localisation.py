"""Where maps lie, against distances, sums and orders of pixels counted one by one."""

from functools import partial

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from reference.slow_quality import slow_box, slow_dice, slow_mass, slow_rank_accuracy

from camtrap_jax.explain import localisation
from camtrap_jax.explain.localisation import pointing_game

mass_inside = jax.jit(localisation.mass_inside)
rank_accuracy = jax.jit(localisation.rank_accuracy)
mask_dice = jax.jit(localisation.mask_dice)
box_masks = jax.jit(localisation.box_masks, static_argnums=1)


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


SMALL = (2, 3)  # few enough to try all orders of the pixels


@pytest.fixture(scope="module")
def tied():
    """Maps with many equal values and masks of all sizes but 0."""
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 3, (12, *SMALL)).astype(np.float32)
    masks = rng.random((12, *SMALL)) < np.linspace(0.1, 1, 12)[:, None, None]
    maps[:, 0, 0], masks[:, 1, 1] = 1, True
    return maps, masks


def test_mass_and_ranks_equal_sums_over_pixels_and_over_all_orders_of_equals(tied):
    maps, masks = tied
    pairs = list(zip(maps, masks, strict=True))
    expected = [slow_mass(*pair) for pair in pairs]
    np.testing.assert_allclose(mass_inside(maps, masks), expected, rtol=1e-5)
    expected = [slow_rank_accuracy(*pair) for pair in pairs]
    np.testing.assert_allclose(rank_accuracy(maps, masks), expected, rtol=1e-5)
    assert not set(np.round(np.array(expected) * masks.sum((1, 2)), 6)) <= set(range(7))


@pytest.mark.parametrize("fraction", [0.0, 0.2, 0.5, 0.9])
def test_dice_equals_sets_of_pixels(tied, fraction):
    maps, masks = tied
    expected = [slow_dice(*pair, fraction) for pair in zip(maps, masks, strict=True)]
    np.testing.assert_allclose(mask_dice(maps, masks, fraction=fraction), expected, rtol=1e-6)


def test_of_the_masks_own_number_of_pixels_dice_is_the_rank_accuracy():
    rng = np.random.default_rng(0)
    maps, masks = rng.random((5, 8, 9)).astype(np.float32), rng.random((5, 8, 9)) < 0.3
    thresholds = [np.sort(m, None)[-k] for m, k in zip(maps, masks.sum((1, 2)), strict=True)]
    expected = [
        slow_dice(one, mask, (threshold - 1e-7) / one.max())
        for one, mask, threshold in zip(maps, masks, thresholds, strict=True)
    ]
    np.testing.assert_allclose(mask_dice(maps, masks), expected, rtol=1e-6)


OVERLAPS = {
    "mass_inside": mass_inside,
    "rank_accuracy": rank_accuracy,
    "mask_dice": mask_dice,
    "mask_dice above 0.3": partial(mask_dice, fraction=0.3),
}


@pytest.fixture(params=OVERLAPS)
def overlap(request):
    return OVERLAPS[request.param]


def test_a_map_inside_scores_1_and_one_outside_0(overlap):
    masks = np.zeros((2, 8, 9), int)
    masks[:, 2:5, 3:7] = [[[1]], [[40]]]  # as a mask's file may number its animals
    assert (np.asarray(overlap((masks > 0) * np.float32(0.2), masks)) == 1).all()
    np.testing.assert_array_equal(overlap((masks == 0) * np.float32(0.2), masks), 0)


def test_a_map_of_one_value_scores_the_masks_share():
    """In a frame whose products of counts exceed 32 bits."""
    masks = np.zeros((1, 300, 320), bool)
    masks[:, :, :240] = True
    for height in (np.float32(1e-12), np.float32(7)):
        maps = np.full((1, 300, 320), height)
        np.testing.assert_allclose(mass_inside(maps, masks), 0.75, rtol=1e-5)
        np.testing.assert_allclose(rank_accuracy(maps, masks), 0.75, rtol=1e-5)
        dice = 2 * 0.75 / 1.75  # of the mask and the whole frame
        np.testing.assert_allclose(mask_dice(maps, masks, fraction=0.5), dice, rtol=1e-5)


def test_equals_of_nothing_are_drawn_by_chance():
    """One hot pixel inside; the mask's other places are filled from all that is 0."""
    maps, masks = np.zeros((1, 4, 5), np.float32), np.zeros((1, 4, 5), bool)
    masks[0, 1:3, 1:4] = maps[0, 1, 1] = 1
    np.testing.assert_allclose(rank_accuracy(maps, masks), (1 + 5 * 5 / 19) / 6, rtol=1e-6)


def test_neither_scale_nor_batch_nor_jit_changes_an_overlap(tied, overlap):
    maps, masks = tied
    whole = overlap(maps, masks)
    assert np.isfinite(whole).all()
    np.testing.assert_allclose(overlap(1e-6 * maps, 3 * masks), whole, rtol=1e-5)
    np.testing.assert_allclose(overlap(maps.astype(np.float16), masks), whole, rtol=1e-6)
    for number in range(len(maps)):
        one = slice(number, number + 1)
        np.testing.assert_allclose(overlap(maps[one], masks[one]), whole[one], rtol=1e-6)
    with jax.disable_jit():
        np.testing.assert_allclose(overlap(maps, masks), whole, rtol=1e-6)


@given(
    arrays(np.float32, (1, *SMALL), elements=st.integers(0, 3).map(float)),
    arrays(bool, (1, *SMALL)),
)
@settings(deadline=None, max_examples=50)
def test_mass_and_ranks_of_a_mask_and_of_what_is_around_it_belong_together(maps, masks):
    mass, around = (float(mass_inside(maps, one)[0]) for one in (masks, ~masks))
    ranks = float(rank_accuracy(maps, masks)[0])
    if not maps.any():
        assert np.isnan([mass, around, ranks]).all()
        return
    np.testing.assert_allclose(mass + around, 1, rtol=1e-6)
    assert np.isnan(ranks) == (not masks.any())
    if masks.any():
        assert 0 <= ranks <= 1
        # Turned round, the map's last K pixels come first; the others are the first of the rest.
        size, rest = masks.sum(), (~masks).sum()
        if rest:
            turned = float(rank_accuracy(4 - maps, ~masks)[0])
            np.testing.assert_allclose(size * (1 - ranks), rest * (1 - turned), atol=1e-5)


def test_maps_of_nothing_and_empty_masks_have_no_overlap(overlap):
    maps, masks = np.zeros((3, 4, 5), np.float32), np.ones((3, 4, 5), bool)
    maps[1:, 1, 1] = 1
    masks[2] = False
    found = np.asarray(overlap(maps, masks))
    assert np.isnan(found[0])
    assert found[1] > 0
    assert found[2] == 0 if overlap is mass_inside else np.isnan(found[2])


BOXES = np.array(
    [
        [0, 0, 1, 1],
        [0.25, 0.5, 0.5, 0.25],
        [0.3, 0.1, 0.33, 0.77],
        [0.9, 0.9, 0.5, 0.5],  # beyond the border
        [0.5, 0.5, 0.01, 0.01],  # between the centres
        [0.125, 0.1, 0.25, 1],  # left and right edges on centres of columns
    ]
)


@pytest.mark.parametrize("size", [(10, 12), (7, 4), (1, 1)])
def test_boxes_hold_the_pixels_whose_centres_lie_in_them(size):
    masks = box_masks(BOXES, size)
    assert masks.dtype == bool
    np.testing.assert_array_equal(masks, [slow_box(box, size) for box in BOXES])


def test_boxes_side_by_side_share_no_pixel_and_leave_none_out():
    edges = np.array([0, 0.125, 0.3, 0.375, 0.71, 1])  # two of them on centres
    boxes = np.stack([edges[:-1], 0 * edges[1:], np.diff(edges), 0 * edges[1:] + 1], -1)
    np.testing.assert_array_equal(box_masks(boxes, (3, 4)).sum(0), 1)


def test_no_box_is_an_empty_mask():
    assert not box_masks(np.full((1, 4), np.nan), (5, 6)).any()


def test_the_strongest_pixels_inside_a_mask_are_counted_and_ties_are_shared():
    maps = np.zeros((4, 10, 10), np.float32)
    maps[0, 0, :5] = [5, 4, 3, 2, 1]
    maps[1, 0, :5] = [1, 2, 3, 4, 5]
    maps[2] = 1  # all tie
    masks = np.zeros((4, 10, 10), bool)
    masks[:, :, :2] = True
    shares = localisation.strongest_inside(maps, masks, fraction=0.03)
    np.testing.assert_allclose(shares, [2 / 3, 0, 0.2, np.nan], rtol=1e-6)
    one = localisation.strongest_inside(maps, masks, fraction=1e-6)
    np.testing.assert_allclose(one, [1, 0, 0.2, np.nan], rtol=1e-6)
