"""Dice at every threshold, against sets of pixels, and chance against all sets of a size."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from reference.slow_marks import slow_chance
from reference.slow_quality import slow_dice, slow_rank_accuracy

from camtrap_jax.explain import overlap

FRACTIONS = (0.0, 0.25, 0.5, 0.9)


@pytest.fixture(scope="module")
def sweep():
    compiled = jax.jit(overlap.dice_sweep)
    return lambda maps, masks: [
        np.asarray(one) for one in compiled(maps, masks, jnp.asarray(FRACTIONS))
    ]


@pytest.fixture(scope="module")
def small():
    rng = np.random.default_rng(0)
    maps = rng.integers(0, 5, (12, 2, 3)).astype(np.float32)
    masks = rng.random((12, 2, 3)) < np.linspace(0.1, 1, 12)[:, None, None]
    maps[:, 0, 0], masks[:, 1, 1] = 1, True
    return maps, masks


def test_each_set_is_that_of_counting(sweep, small):
    dice, _ = sweep(*small)
    for found, one, mask in zip(dice, *small, strict=True):
        expected = [slow_rank_accuracy(one, mask), *(slow_dice(one, mask, f) for f in FRACTIONS)]
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_chance_is_the_mean_over_all_places_of_as_many_pixels(sweep, small):
    _, chance = sweep(*small)
    for found, one, mask in zip(chance, *small, strict=True):
        sizes = [mask.sum(), *((one > f * one.max()).sum() for f in FRACTIONS)]
        expected = [slow_chance(int(size), int(mask.sum()), mask.size) for size in sizes]
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    np.testing.assert_allclose(chance[:, 0], small[1].mean((1, 2)), rtol=1e-6)


def test_chance_in_a_frame_whose_products_exceed_32_bits(sweep):
    masks = np.zeros((1, 300, 320), bool)
    masks[:, :, :240] = True
    dice, chance = sweep(np.ones((1, 300, 320), np.float32), masks)
    expected = [0.75, *[2 * 0.75 / 1.75] * len(FRACTIONS)]
    np.testing.assert_allclose(dice[0], expected, rtol=1e-5)
    np.testing.assert_allclose(chance[0], expected, rtol=1e-5)


def test_an_empty_mask_and_a_blank_map_have_no_overlap_and_no_chance(sweep):
    maps, masks = np.ones((2, 4, 4), np.float32), np.ones((2, 4, 4), bool)
    maps[0], masks[1] = 0, False
    for values in sweep(maps, masks):
        assert np.isnan(values).all()
