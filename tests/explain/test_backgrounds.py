"""Holes that are filled, against a slow reference, and animals on other backgrounds."""

import jax.numpy as jnp
import numpy as np
import pytest
from reference.slow_backgrounds import slow_filled

from camtrap_jax.explain.backgrounds import filled, moved


def hole(height, width, rows, columns):
    mask = np.zeros((1, height, width), bool)
    mask[0, slice(*rows), slice(*columns)] = True
    return mask


@pytest.mark.parametrize("size", [(8, 8), (7, 5), (1, 6), (13, 16)])
def test_filled_is_the_slow_reference(size):
    rng = np.random.default_rng(3)
    images = rng.normal(size=(3, *size, 2)).astype(np.float32)
    holes = rng.random((3, *size)) < np.array([0.2, 0.6, 0.95])[:, None, None]
    found = np.asarray(filled(jnp.asarray(images), jnp.asarray(holes)))
    for one, image, mask in zip(found, images, holes, strict=True):
        np.testing.assert_allclose(one, slow_filled(image.astype(float), mask), atol=2e-6)


def test_known_pixels_stay_and_those_in_the_hole_do_not_matter():
    rng = np.random.default_rng(4)
    image = rng.random((1, 20, 30, 3)).astype(np.float32)
    mask = hole(20, 30, (5, 15), (8, 30))  # up to the border
    other = np.where(mask[..., None], np.nan, image)
    found, again = (np.asarray(filled(jnp.asarray(x), jnp.asarray(mask))) for x in (image, other))
    np.testing.assert_array_equal(found[~mask], image[~mask])
    np.testing.assert_array_equal(found, again)
    # An average of known pixels lies between them.
    assert image[~mask].min() <= found.min()
    assert found.max() <= image[~mask].max()


def test_a_plain_image_is_continued_and_a_sky_stays_above_the_ground():
    mask = hole(32, 32, (8, 24), (8, 24))
    plain = jnp.full((1, 32, 32, 3), 0.7)
    np.testing.assert_allclose(filled(plain, jnp.asarray(mask)), 0.7, rtol=1e-6)
    image = np.zeros((1, 32, 32, 3), np.float32)
    image[:, :16] = 1.0
    found = np.asarray(filled(jnp.asarray(image), jnp.asarray(mask)))[0, :, 16, 0]
    assert found[9] > 0.75
    assert found[22] < 0.25


def test_an_image_that_is_all_hole_becomes_zero():
    images = jnp.full((2, 6, 9, 3), 5.0)
    holes = np.zeros((2, 6, 9), bool)
    holes[0] = True
    found = np.asarray(filled(images, jnp.asarray(holes)))
    assert not found[0].any()
    assert (found[1] == 5).all()


def test_moved_animals_keep_their_pixels_and_take_the_rest_from_the_background():
    rng = np.random.default_rng(5)
    images, backgrounds = rng.integers(0, 256, (2, 4, 6, 7, 3), np.uint8)
    animals = rng.random((4, 6, 7)) < 0.5
    found = np.asarray(moved(images, animals, backgrounds))
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[animals], images[animals])
    np.testing.assert_array_equal(found[~animals], backgrounds[~animals])
