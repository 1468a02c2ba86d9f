"""Normalisation in closed form; crops read off images whose values are their coordinates."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import AxisType, NamedSharding, PartitionSpec
from PIL import Image

from camtrap_jax.data.batches.augment import augment, color_jitter, normalise, random_crop

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def frames(*shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*shape, 3)).astype(np.uint8)


def keys(number, seed=0):
    return jax.random.split(jax.random.key(seed), number)


@functools.partial(jax.jit, static_argnames=("size_px", "min_area", "jitter"))
def augmented(keys, pixels, *, size_px=32, min_area=0.5, jitter=0.4):
    return augment(keys, pixels, size_px=size_px, min_area=min_area, jitter=jitter)


def unnormalised(images):
    return np.asarray(images) * np.array(STD) + np.array(MEAN)


@pytest.mark.parametrize("shape", [(5, 7), (2, 5, 7)])
def test_normalised_is_rgb_over_255_less_the_mean_over_the_deviation(shape):
    pixels = frames(*shape)
    images = normalise(jnp.asarray(pixels))
    assert images.dtype == jnp.float32
    for channel in range(3):
        expected = (pixels[..., channel] / 255 - MEAN[channel]) / STD[channel]
        np.testing.assert_allclose(images[..., channel], expected, atol=1e-6)


def test_augmented_images_have_the_asked_size_and_stay_in_range():
    images = augmented(keys(6), jnp.asarray(frames(6, 40, 48)))
    assert images.shape == (6, 32, 32, 3)
    assert images.dtype == jnp.float32
    values = unnormalised(images)
    assert values.min() > -1e-6
    assert values.max() < 1 + 1e-6
    assert values.std() > 0.05


def test_an_image_depends_on_its_key_and_pixels_alone():
    pixels, some = jnp.asarray(frames(6, 40, 48)), keys(6)
    images = augmented(some, pixels)
    np.testing.assert_array_equal(augmented(some, pixels), images)
    order = np.array([3, 5, 0, 1, 4, 2])
    np.testing.assert_allclose(augmented(some[order], pixels[order]), images[order], atol=1e-5)


def test_every_image_of_a_batch_is_changed_differently():
    pixels = jnp.asarray(np.repeat(frames(1, 40, 48), 6, 0))
    images = np.asarray(augmented(keys(6), pixels))
    for first in range(6):
        for second in range(first):
            assert np.abs(images[first] - images[second]).max() > 0.1


def plain(pixels, size_px):
    """What is left without crop and jitter: resizing, as Pillow does it, and half the flips."""
    planes = [
        [Image.fromarray((frame[..., c] / 255).astype(np.float32)) for c in range(3)]
        for frame in pixels
    ]
    resized = [
        np.stack([np.asarray(p.resize((size_px,) * 2, Image.Resampling.BILINEAR)) for p in rgb], -1)
        for rgb in planes
    ]
    return (np.stack(resized) - np.array(MEAN)) / np.array(STD)


@pytest.mark.parametrize("shape", [(40, 56), (20, 30), (32, 32)])
def test_without_crop_and_jitter_what_is_left_is_resizing_and_half_the_flips(shape):
    pixels = np.repeat(frames(1, *shape), 200, 0)
    images = np.asarray(augmented(keys(200), jnp.asarray(pixels), min_area=1.0, jitter=0.0))
    (expected,) = plain(pixels[:1], 32)
    upright = np.abs(images - expected[None]).max((1, 2, 3)) < 1e-4
    flipped = np.abs(images - expected[None, :, ::-1]).max((1, 2, 3)) < 1e-4
    assert (upright ^ flipped).all()
    assert 70 < flipped.sum() < 130  # within 4 standard deviations of a half


def coordinate_image(height, width):
    """Returns an image whose red is x and whose green is y, 0..1 from edge to edge."""
    y, x = np.mgrid[:height, :width]
    planes = [(x + 0.5) / width, (y + 0.5) / height, np.full((height, width), 0.25)]
    return np.stack(planes, -1).astype(np.float32)


def crop_boxes(shape, size_px, min_area, number):
    """Returns left, top, width and height of `number` crops, as fractions of the frame."""
    image = jnp.asarray(coordinate_image(*shape))
    cut = jax.jit(jax.vmap(lambda key: random_crop(key, image, size_px=size_px, min_area=min_area)))
    crops = np.asarray(cut(keys(number)), np.float64)
    assert crops.shape == (number, size_px, size_px, 3)
    np.testing.assert_allclose(crops[..., 2], 0.25, atol=1e-5)
    # Away from the frame's edges interpolation keeps a linear function: its line gives the box.
    inner = np.arange(size_px // 4, size_px - size_px // 4)
    boxes = []
    for crop in crops:
        along, down = crop[inner][:, inner, 0], crop[inner][:, inner, 1]
        np.testing.assert_allclose(along.std(0), 0, atol=1e-5)  # no rotation
        np.testing.assert_allclose(down.std(1), 0, atol=1e-5)
        step_x, left = np.polyfit(inner + 0.5, along[0], 1)
        step_y, top = np.polyfit(inner + 0.5, down[:, 0], 1)
        boxes.append((left, top, step_x * size_px, step_y * size_px))
    return np.array(boxes).T


@pytest.mark.parametrize(
    ("shape", "size_px", "min_area"), [((48, 64), 32, 0.3), ((64, 40), 64, 0.08), ((32, 32), 32, 1)]
)
def test_crops_lie_inside_the_frame_with_the_asked_area_and_ratio(shape, size_px, min_area):
    left, top, width, height = crop_boxes(shape, size_px, min_area, 400)
    tolerance = 2e-3  # a tenth of a pixel: reduced lines are not exactly straight
    assert min(left.min(), top.min()) > -tolerance
    assert max((left + width).max(), (top + height).max()) < 1 + tolerance
    area, ratio = width * height, width / height
    assert area.min() > min_area - tolerance
    assert area.max() < 1 + tolerance
    assert ratio.min() > 3 / 4 - tolerance
    assert ratio.max() < 4 / 3 + tolerance


def test_area_is_uniform_and_the_place_too():
    left, top, width, height = crop_boxes((48, 64), 32, 0.2, 1000)
    assert_uniform((width * height - 0.2) / 0.8)
    free = (width < 0.98) & (height < 0.98)  # elsewhere there is hardly a choice
    assert_uniform((left / (1 - width))[free])
    assert_uniform((top / (1 - height))[free])
    small = width * height < 9 / 16  # where the frame does not bound the ratio
    logarithm = np.log(width / height)[small] / np.log(4 / 3)
    assert_uniform((logarithm + 1) / 2)
    assert abs(np.corrcoef(left[small], top[small])[0, 1]) < 0.2


def assert_uniform(values):
    """Kolmogorov and Smirnov's distance from 0..1, at a level of about 1e-4."""
    ordered = np.sort(values)
    expected = (np.arange(len(ordered)) + 0.5) / len(ordered)
    assert np.abs(ordered - expected).max() < 2.2 / np.sqrt(len(ordered))


def test_color_jitter_equals_numpy_with_the_same_factors():
    image = np.random.default_rng(0).uniform(size=(6, 5, 3)).astype(np.float32)
    seen = set()
    for key in keys(8):
        brightness, contrast, saturation = np.asarray(
            jax.random.uniform(key, (3,), minval=0.3, maxval=1.7), np.float64
        )
        expected = np.clip(brightness * image.astype(np.float64), 0, 1)
        mean = np.mean([0.299 * r + 0.587 * g + 0.114 * b for r, g, b in expected.reshape(-1, 3)])
        expected = np.clip(contrast * expected + (1 - contrast) * mean, 0, 1)
        for place in np.ndindex(6, 5):
            r, g, b = expected[place]
            grey = 0.299 * r + 0.587 * g + 0.114 * b
            expected[place] = [saturation * v + (1 - saturation) * grey for v in (r, g, b)]
        expected = np.clip(expected, 0, 1)
        result = color_jitter(key, jnp.asarray(image), strength=0.7)
        np.testing.assert_allclose(result, expected, atol=1e-5)
        seen.add(round(float(expected.sum()), 4))
    assert len(seen) == 8


def test_no_jitter_leaves_the_image():
    image = np.random.default_rng(0).uniform(size=(6, 5, 3)).astype(np.float32)
    result = color_jitter(jax.random.key(3), jnp.asarray(image), strength=0.0)
    np.testing.assert_allclose(result, image, atol=1e-6)


def test_a_grey_frame_of_the_infrared_stays_grey():
    pixels = np.repeat(frames(4, 40, 48)[..., :1], 3, -1)
    values = unnormalised(augmented(keys(4), jnp.asarray(pixels)))
    np.testing.assert_allclose(values, values[..., :1].repeat(3, -1), atol=1e-5)


def test_a_flipped_crop_is_the_crop_mirrored():
    image = jnp.asarray(frames(40, 56))
    cut = jax.jit(lambda key, flip: random_crop(key, image, size_px=32, min_area=0.3, flip=flip))
    for key in keys(5):
        crop, mirrored = cut(key, False), cut(key, True)
        np.testing.assert_array_equal(mirrored, crop[:, ::-1])


@pytest.mark.parametrize("devices", [2, 4])
def test_any_number_of_devices_gives_the_same_bits(devices):
    mesh = jax.make_mesh(
        (devices,), ("data",), axis_types=(AxisType.Auto,), devices=jax.devices()[:devices]
    )
    sharded = NamedSharding(mesh, PartitionSpec("data"))
    pixels, some = jnp.asarray(frames(8, 40, 56)), keys(8)
    images = augmented(jax.device_put(some, sharded), jax.device_put(pixels, sharded))
    assert len(images.sharding.device_set) == devices
    np.testing.assert_array_equal(images, augmented(some, pixels))
