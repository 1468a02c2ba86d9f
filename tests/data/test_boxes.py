import numpy as np
import pytest

from camtrap_jax.data.boxes import format_box, kept_box, kept_height, read_box

WIDTH, HEIGHT = 80, 60


def bounds(mask):
    """Returns x, y, width, height of the true pixels, relative to the mask."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    x, y = columns[0] / mask.shape[1], rows[0] / mask.shape[0]
    return x, y, len(columns) / mask.shape[1], len(rows) / mask.shape[0]


@pytest.mark.parametrize("crop_bottom", [0.0, 0.07, 0.5])
@pytest.mark.parametrize("box", [(8, 6, 20, 12), (0, 0, 80, 60), (70, 20, 10, 40)])
def test_a_box_stays_on_its_animal(box, crop_bottom):
    x, y, width, height = box
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[y : y + height, x : x + width] = True
    expected = bounds(mask[: kept_height(HEIGHT, crop_bottom)])
    for scale in (1, 4):  # annotations may be of a larger copy
        found = kept_box(
            tuple(scale * value for value in box),
            (scale * WIDTH, scale * HEIGHT),
            size=(WIDTH, HEIGHT),
            orientation=1,
            crop_bottom=crop_bottom,
        )
        np.testing.assert_allclose(found, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("orientation", "turn"),
    [
        (5, lambda stored: stored.T),
        (6, lambda stored: np.rot90(stored, -1)),
        (7, lambda stored: np.rot90(stored, 2).T),
        (8, lambda stored: np.rot90(stored, 1)),
    ],
)
def test_boxes_in_stored_pixels_turn_with_the_picture(orientation, turn):
    stored = np.zeros((HEIGHT, WIDTH), bool)
    stored[6:18, 8:28] = True
    upright = turn(stored)
    settings = {"size": (HEIGHT, WIDTH), "orientation": orientation, "crop_bottom": 0.0}
    found = kept_box((8, 6, 20, 12), (WIDTH, HEIGHT), **settings)
    np.testing.assert_allclose(found, bounds(upright), atol=1e-12)
    seen = kept_box((8, 6, 20, 12), (HEIGHT, WIDTH), **settings)
    np.testing.assert_allclose(seen, (8 / HEIGHT, 6 / WIDTH, 20 / HEIGHT, 12 / WIDTH))


def test_a_box_inside_the_strip_is_gone():
    settings = {"size": (WIDTH, HEIGHT), "orientation": 1, "crop_bottom": 0.1}
    assert kept_box((0, 55, 10, 5), (WIDTH, HEIGHT), **settings) is None
    assert kept_box((-30, 0, 20, 5), (WIDTH, HEIGHT), **settings) is None
    clipped = kept_box((-10, 50, 20, 50), (WIDTH, HEIGHT), **settings)
    np.testing.assert_allclose(clipped, (0, 50 / 54, 0.125, 4 / 54))


def test_boxes_survive_the_manifest():
    assert read_box(format_box(None)) is None
    np.testing.assert_allclose(
        read_box(format_box((1 / 3, 1e-9, 0.5, 1.0))), (1 / 3, 0, 0.5, 1), atol=1e-6
    )
    with pytest.raises(ValueError, match="x,y,w,h"):
        read_box("1,2,3")
