"""Grad-CAM and its enlargement against loops and closed forms."""

import jax.numpy as jnp
import numpy as np
import pytest
from reference import numpy_maps

from camtrap_jax.explain.cam import grad_cam, upsample


def arrays(*shapes):
    rng = np.random.default_rng(0)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def test_grad_cam_equals_loops():
    maps, gradients = arrays((2, 3, 5, 4), (2, 3, 5, 4))
    maps = np.abs(maps)
    expected = numpy_maps.grad_cam(maps, gradients)
    assert (expected == 0).any()
    assert (expected > 0).any()
    heatmap = grad_cam(jnp.asarray(maps), jnp.asarray(gradients))
    np.testing.assert_allclose(heatmap, expected, atol=1e-6)


def test_grad_cam_by_hand():
    maps = jnp.array([[[[1.0, 4.0], [2.0, 0.0]]]])  # two cells, two units
    gradients = jnp.array([[[[2.0, -1.0], [4.0, -1.0]]]])  # mean gradients 3 and -1
    np.testing.assert_array_equal(grad_cam(maps, gradients), [[[0, 6]]])


def test_grad_cam_is_raw_and_grows_with_the_gradient():
    maps, gradients = (jnp.abs(jnp.asarray(x)) for x in arrays((1, 2, 2, 3), (1, 2, 2, 3)))
    np.testing.assert_allclose(
        grad_cam(maps, 10 * gradients), 10 * grad_cam(maps, gradients), rtol=1e-5
    )


SIZES = [((4, 4), (64, 64)), ((3, 5), (48, 80)), ((2, 3), (37, 50)), ((1, 1), (5, 4))]


@pytest.mark.parametrize(("small", "large"), SIZES)
def test_enlarging_equals_bilinear_loops(small, large):
    (heatmap,) = arrays((2, *small))
    expected = numpy_maps.upsample(heatmap, large)
    np.testing.assert_allclose(upsample(jnp.asarray(heatmap), large), expected, atol=1e-6)


@pytest.mark.parametrize(("small", "large"), SIZES)
def test_enlarging_equals_torch_without_aligned_corners(small, large):
    torch = pytest.importorskip("torch")
    (heatmap,) = arrays((2, *small))
    theirs = torch.nn.functional.interpolate(
        torch.tensor(heatmap)[:, None], large, mode="bilinear", align_corners=False
    )
    np.testing.assert_allclose(upsample(jnp.asarray(heatmap), large), theirs[:, 0], atol=1e-5)


def test_enlarging_keeps_a_constant_and_the_range():
    np.testing.assert_allclose(upsample(jnp.full((1, 3, 4), 2.5), (30, 41)), 2.5, rtol=1e-6)
    (heatmap,) = arrays((1, 3, 4))
    large = upsample(jnp.asarray(heatmap), (33, 44))
    assert large.min() >= heatmap.min() - 1e-6
    assert large.max() <= heatmap.max() + 1e-6
