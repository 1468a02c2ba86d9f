import io

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from camtrap_jax.data.decoding.strip import information_strip

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


def ground(seed, width=640, height=448, level=110, spread=60):
    """Ground with coarse and fine structure."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (9, 12, 3), np.uint8))
    pixels = np.asarray(coarse.resize((width, height), Image.Resampling.BICUBIC)) / 255 - 0.5
    pixels = level + spread * pixels + rng.normal(0, spread / 8, pixels.shape)
    return Image.fromarray(np.uint8(np.clip(pixels, 0, 255)))


def framed(image, height_px, *, bar=BLACK, ink=WHITE, text="2016-08-09  12:33:11  23 C  CAMERA 7"):
    whole = Image.new("RGB", (image.width, image.height + height_px), bar)
    whole.paste(image)
    font = ImageFont.load_default(size=max(6, 0.6 * height_px))
    ImageDraw.Draw(whole).text((12, image.height + 0.1 * height_px), text, font=font, fill=ink)
    return whole


def encoded(image, quality=80, size=None):
    stream = io.BytesIO()
    (image.resize(size, Image.Resampling.BICUBIC) if size else image).save(
        stream, "JPEG", quality=quality
    )
    return Image.open(io.BytesIO(stream.getvalue())).convert("RGB")


@pytest.mark.parametrize("height_px", [16, 32, 60])
@pytest.mark.parametrize(
    ("bar", "ink"),
    [(BLACK, WHITE), (WHITE, BLACK), ((60, 60, 60), (255, 255, 0)), ((20, 30, 90), WHITE)],
)
def test_bars_of_any_colour_and_height_are_measured(height_px, bar, ink):
    for seed in range(5):
        image = framed(ground(seed), height_px, bar=bar, ink=ink)
        expected = height_px / image.height
        assert information_strip(image) == pytest.approx(expected, abs=0.5 / 100)
        small = encoded(image, size=(320, round(image.height / 2)))
        assert information_strip(small) == pytest.approx(expected, abs=0.8 / 100)


def test_a_large_picture_is_measured_as_well():
    image = framed(ground(0, 1920, 1004), 76)
    assert information_strip(image) == pytest.approx(76 / 1080, abs=0.003)


def test_a_bar_under_a_dark_night_is_found():
    for seed in range(5):
        night = ground(seed, level=30, spread=16)
        assert information_strip(encoded(framed(night, 32))) == pytest.approx(32 / 480, abs=0.005)


def test_pictures_without_a_bar_have_none():
    for seed in range(10):
        for level, spread in ((110, 60), (30, 20), (235, 30), (128, 8)):
            image = ground(seed, level=level, spread=spread)
            assert information_strip(image) == information_strip(encoded(image)) == 0


def test_text_on_the_picture_itself_is_no_bar():
    image = ground(0)
    ImageDraw.Draw(image).text((12, 420), "2016-08-09  12:33:11  23 C", fill=WHITE)
    assert information_strip(encoded(image)) == 0


def test_a_plain_bar_without_text_is_none():
    whole = Image.new("RGB", (640, 480))
    whole.paste(ground(0))
    assert information_strip(whole) == 0


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_a_torn_picture_has_none(share):
    image = ground(0)
    ImageDraw.Draw(image).rectangle((0, round(448 * (1 - share)), 640, 448), fill=(128, 128, 128))
    assert information_strip(image) == 0
