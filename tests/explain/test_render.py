import numpy as np
import pytest

from camtrap_jax.explain.render import overlay, panel, resize, saliency_image, upsample


def slow_upsample(heatmap, height, width):
    """Bilinear with half-pixel centres, one output pixel at a time."""
    rows, columns = heatmap.shape
    out = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            y = (i + 0.5) * rows / height - 0.5
            x = (j + 0.5) * columns / width - 0.5
            top, left = int(np.floor(y)), int(np.floor(x))
            for r, wy in ((top, 1 - (y - top)), (top + 1, y - top)):
                for c, wx in ((left, 1 - (x - left)), (left + 1, x - left)):
                    row, column = min(max(r, 0), rows - 1), min(max(c, 0), columns - 1)
                    out[i, j] += wy * wx * heatmap[row, column]
    return out


@pytest.mark.parametrize("size", [(14, 14), (28, 21), (61, 83)])
def test_upsample_equals_the_slow_loop(size):
    heatmap = np.random.default_rng(0).random((7, 5))
    np.testing.assert_allclose(upsample(heatmap, *size), slow_upsample(heatmap, *size), atol=1e-5)


def test_upsample_keeps_the_centre_of_mass():
    # Corner-aligned sampling would move a centred blob; half-pixel centres do not.
    heatmap = np.zeros((7, 7))
    heatmap[3, 3] = 1.0
    enlarged = upsample(heatmap, 56, 56)
    np.testing.assert_allclose(enlarged, enlarged[::-1, ::-1], atol=1e-6)
    assert np.unravel_index(enlarged.argmax(), enlarged.shape) in {
        (27, 27),
        (27, 28),
        (28, 27),
        (28, 28),
    }


def test_overlay_leaves_cold_pixels_alone_and_colours_hot_ones():
    pixels = np.full((40, 60, 3), 90, np.uint8)
    heatmap = np.zeros((4, 6))
    heatmap[0, 5] = 3.0
    out = overlay(pixels, heatmap)
    assert out.shape == pixels.shape
    assert out.dtype == np.uint8
    np.testing.assert_array_equal(out[20:, :30], pixels[20:, :30])
    assert np.ptp(out[0, -1].astype(int)) > 50


def test_overlay_does_not_depend_on_the_scale_of_the_map():
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (30, 30, 3), np.uint8)
    heatmap = rng.random((7, 7))
    np.testing.assert_array_equal(overlay(pixels, heatmap), overlay(pixels, 1e4 * heatmap))
    # Small float16 values, as they are stored, must not vanish either.
    small = (heatmap * 1e-4).astype(np.float16)
    assert (overlay(pixels, small) != pixels).any()


@pytest.mark.parametrize("value", [0.0, np.nan, -1.0, np.inf])
def test_overlay_of_a_map_without_heat_is_the_image(value):
    pixels = np.random.default_rng(2).integers(0, 256, (20, 30, 3), np.uint8)
    np.testing.assert_array_equal(overlay(pixels, np.full((7, 7), value)), pixels)


def test_overlay_with_some_nan_still_shows_the_rest():
    pixels = np.full((28, 28, 3), 90, np.uint8)
    heatmap = np.zeros((7, 7))
    heatmap[0, 0], heatmap[6, 6] = np.nan, 1.0
    out = overlay(pixels, heatmap)
    np.testing.assert_array_equal(out[:8, :8], pixels[:8, :8])
    assert (out[-2:, -2:] != 90).all()


def test_saliency_is_signed_around_middle_grey():
    saliency = np.zeros((10, 10, 3))
    saliency[0, :5], saliency[9, :5] = 2.0, -2.0
    out = saliency_image(saliency)
    assert (out[0, 0] == 255).all()
    assert (out[9, 0] == 0).all()
    assert (out[5, 5] == 128).all()


def test_saliency_is_scaled_by_a_high_percentile():
    # One outlier must not turn everything else grey.
    saliency = np.random.default_rng(3).normal(size=(100, 100, 3))
    plain = saliency_image(saliency)
    saliency[0, 0, 0] = 1e6
    spiked = saliency_image(saliency)
    assert spiked[0, 0, 0] == 255
    assert np.abs(spiked.astype(int) - plain)[1:].max() <= 1


def test_saliency_of_very_few_pixels_is_seen():
    saliency = np.zeros((100, 100, 3))
    saliency[50, 50, 0] = 1e-3
    assert saliency_image(saliency)[50, 50, 0] == 255


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_saliency_without_values_is_plain_grey(value):
    out = saliency_image(np.full((5, 6, 3), value, np.float16))
    np.testing.assert_array_equal(out, np.full((5, 6, 3), 128, np.uint8))


def test_saliency_accepts_large_float16():
    saliency = np.full((4, 4, 3), 6e4, np.float16)
    assert (saliency_image(saliency) == 255).all()


def test_panel_sets_pictures_side_by_side():
    left, right = np.zeros((4, 3, 3), np.uint8), np.full((4, 5, 3), 7, np.uint8)
    out = panel([left, right], gap_px=2)
    assert out.shape == (4, 10, 3)
    assert (out[:, 3:5] == 255).all()
    assert (out[:, 5:] == 7).all()


@pytest.mark.parametrize("heights", [(), (3, 4)])
def test_panel_refuses_what_does_not_line_up(heights):
    with pytest.raises(ValueError, match="one height"):
        panel([np.zeros((height, 2, 3), np.uint8) for height in heights])


def test_resize():
    assert resize(np.zeros((8, 8, 3), np.uint8), 6, 12).shape == (6, 12, 3)
