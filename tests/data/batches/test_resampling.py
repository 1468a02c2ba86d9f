"""Against JAX's own resizing, and the weights in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from camtrap_jax.data.batches.resampling import (
    linear_taps,
    resample_by_gathering,
    resample_by_products,
)


def frames(*shape):
    return np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)


BOXES = [((0.0, 0.0), (1.0, 1.0)), ((0.25, 0.1), (0.5, 0.9)), ((0.7, 0.31), (0.3, 0.42))]


@pytest.mark.parametrize(("origin", "extent"), BOXES)
@pytest.mark.parametrize("shape", [(40, 71), (32, 32), (13, 17), (90, 200)])
def test_resampling_equals_jax_own(shape, origin, extent):
    image = jnp.asarray(frames(*shape))
    scale = np.float32(32) / (np.float32(extent) * np.float32(shape))
    expected = jax.image.scale_and_translate(
        image.astype(jnp.float32),
        (32, 32, 3),
        (0, 1),
        jnp.asarray(scale),
        jnp.asarray(-np.float32(origin) * 32 / np.float32(extent)),
        method="linear",
        antialias=True,
    )
    for resampled in both_ways(image, jnp.asarray(origin), jnp.asarray(extent)):
        np.testing.assert_allclose(resampled, expected, atol=0.02)


@jax.jit
def both_ways(image, origin, extent):
    rows, columns = (
        linear_taps(length, 32, origin[axis], extent[axis])
        for axis, length in enumerate(image.shape[:2])
    )
    ways = (resample_by_gathering, resample_by_products)
    return [resample(image, rows, columns) for resample in ways]


@pytest.mark.parametrize(("origin", "extent"), BOXES)
@pytest.mark.parametrize("length", [5, 32, 33, 64, 100, 455])
def test_taps_are_a_triangle_over_the_nearest_pixels(length, origin, extent):
    index, weight = map(
        np.asarray, linear_taps(length, 32, jnp.float32(origin[0]), jnp.float32(extent[0]))
    )
    assert len(index) == np.ceil(2 * max(1, length / 32))
    step = extent[0] * length / 32
    for pixel in range(32):
        centre = (pixel + 0.5) * step + origin[0] * length - 0.5
        expected = {
            at: 1 - abs(at - centre) / max(step, 1)
            for at in range(length)
            if abs(at - centre) < max(step, 1)
        }
        total = sum(expected.values())
        found = np.zeros(length)
        np.add.at(found, index[:, pixel], weight[:, pixel])
        for at in range(length):
            assert found[at] == pytest.approx(expected.get(at, 0) / total, abs=2e-4)
