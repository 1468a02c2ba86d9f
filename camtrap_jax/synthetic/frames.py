"""Frames of a burst: animals pasted into a camera's view, by day or by night, with their masks."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
from PIL import Image, ImageFilter

from camtrap_jax.synthetic.figures.canvas import Sprite
from camtrap_jax.synthetic.parts import PART_ID
from camtrap_jax.synthetic.views.cameras import MARGIN_PX, View
from camtrap_jax.synthetic.views.strip import draw_strip

FIRE = 0.05
"""Probability that the flash burns out a night burst."""


@dataclass(slots=True)
class Stand:
    """How one individual stands in a burst.

    Attributes:
        species: Its name.
        sprite: Its picture.
        width: Of the picture in px.
        x, feet: Middle of the picture and line of the feet in px.
        step: Movement in px per frame, to the right.
        flip: Facing left.
        turn: Degrees it leans.
        gain: Brightness of its coat.
    """

    species: str
    sprite: Sprite
    width: float
    x: float
    feet: float
    step: float
    flip: bool
    turn: float
    gain: float


@dataclass(slots=True)
class Frame:
    """A finished frame.

    Attributes:
        image: RGB with the strip.
        parts: uint8 [height, width], part of every pixel.
        owner: uint8 [height, width], 1 + index of the individual, 0 elsewhere.
    """

    image: Image.Image
    parts: np.ndarray
    owner: np.ndarray


@dataclass(slots=True)
class Light:
    """What the light is in a burst.

    Attributes:
        night: Infrared flash instead of daylight.
        gain: Factors on red, green, blue by day; on the grey by night.
        burnt: The flash is too strong.
        celsius: For the strip.
    """

    night: bool
    gain: np.ndarray
    burnt: bool
    celsius: int


def make_light(night: bool, when: datetime, rng: np.random.Generator) -> Light:
    """Warm and dim when the sun is low, neutral at noon; the flash burns out now and then."""
    if night:
        return Light(
            True,
            np.full(3, rng.uniform(0.9, 1.1), np.float32),
            bool(rng.random() < FIRE),
            int(rng.integers(9, 20)),
        )
    low = min(abs(when.hour + when.minute / 60 - 12) / 6, 1.0)
    gain = (
        rng.uniform(0.92, 1.08) * (1 - 0.12 * low) * np.array([1 + 0.06 * low, 1, 1 - 0.08 * low])
    )
    return Light(False, gain.astype(np.float32), False, int(33 - 14 * low + rng.integers(-2, 3)))


@dataclass(frozen=True, slots=True)
class Shot:
    """One release of the shutter.

    Attributes:
        camera: Name, for the strip.
        when: Time, for the strip.
        frame: Number in the burst, from 0.
        size: Width, height and height of the strip in px.
        light: Of the burst.
    """

    camera: str
    when: datetime
    frame: int
    size: tuple[int, int, int]
    light: Light


def compose(view: View, stands: list[Stand], shot: Shot, rng: np.random.Generator) -> Frame:
    """One frame: background, shadows, animals, grass before them, light, noise, strip."""
    width, height, strip = shot.size
    field, light = height - strip, shot.light
    left, top = rng.integers(-1, 2, 2) + MARGIN_PX
    box = (left, top, left + width, top + field)
    image = (view.night if light.night else view.day).crop(box)
    layers = Frame(image, np.zeros((field, width), np.uint8), np.zeros((field, width), np.uint8))
    for number, stand in enumerate(stands, 1):
        _paste(layers, stand, number, shot)
    grass = (view.grass_night if light.night else view.grass_day).crop(box)
    image.paste(grass, (0, 0), grass)
    hidden = np.asarray(grass.getchannel("A")) > 127
    layers.parts[hidden] = 0
    layers.owner[hidden] = 0
    pixels = _expose(np.asarray(image, np.float32), view.falloff, light, rng)
    if light.night:
        _eye_shine(pixels, layers.parts)
    full = Image.new("RGB", (width, height))
    full.paste(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)), (0, 0))
    full.paste(draw_strip((width, strip), shot.camera, shot.when, light.celsius), (0, field))
    parts, owner = (np.pad(layer, ((0, strip), (0, 0))) for layer in (layers.parts, layers.owner))
    return Frame(full, parts, owner)


def _paste(layers: Frame, stand: Stand, number: int, shot: Shot) -> None:
    picture, labels = _resized(stand, shot.frame)
    feet = round(stand.feet)
    x = round(stand.x + shot.frame * stand.step - picture.width / 2)
    y = feet - picture.height
    _shadow(layers.image, x, feet, picture.width, shot.light.night)
    layers.image.paste(_lit(picture, stand.gain, shot.light), (x, y), picture.getchannel("A"))
    height, width = layers.parts.shape
    top, left = max(y, 0), max(x, 0)
    bottom, right = min(y + picture.height, height), min(x + picture.width, width)
    if top >= bottom or left >= right:
        return
    visible = labels[top - y : bottom - y, left - x : right - x]
    inside = visible > 0
    layers.parts[top:bottom, left:right][inside] = visible[inside]
    layers.owner[top:bottom, left:right][inside] = number


def _lit(picture: Image.Image, gain: float, light: Light) -> Image.Image:
    """The animal's colours in this light; in infrared even black fur throws some back."""
    if not light.night:
        return picture.convert("RGB").point(_ramp(gain, 0) * 3)
    gain, floor = (gain * 2.1, 60) if light.burnt else (gain * 1.08, 22)
    grey = picture.convert("RGB").convert("L")
    return grey.point(_ramp(gain, floor)).convert("RGB")


def _ramp(gain: float, floor: int) -> list[int]:
    return [min(255, int(floor + value * gain)) for value in range(256)]


def _resized(stand: Stand, frame: int) -> tuple[Image.Image, np.ndarray]:
    """The picture and its parts in this frame; a step nearer or farther is about a percent."""
    scale = stand.width * (1 + 0.012 * frame * np.sign(stand.turn)) / stand.sprite.image.width
    size = (
        max(round(stand.sprite.image.width * scale), 2),
        max(round(stand.sprite.image.height * scale), 2),
    )
    picture = stand.sprite.image.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    labels = Image.fromarray(stand.sprite.parts).resize(size, Image.Resampling.NEAREST)
    if abs(stand.turn) > 0.5:
        turn = stand.turn + 0.6 * frame
        picture = picture.rotate(turn, Image.Resampling.BILINEAR, expand=True)
        labels = labels.rotate(turn, Image.Resampling.NEAREST, expand=True)
    if stand.flip:
        picture, labels = (
            side.transpose(Image.Transpose.FLIP_LEFT_RIGHT) for side in (picture, labels)
        )
    labels = np.asarray(labels).copy()
    labels[np.asarray(picture.getchannel("A")) < 100] = 0
    return picture, labels


@lru_cache(maxsize=64)
def _soft_disc(width: int, height: int, strength: int) -> Image.Image:
    disc = Image.new("L", (width, height))
    core = Image.new("L", (max(width * 3 // 4, 1), max(height // 2, 1)), strength)
    disc.paste(core, (width // 8, height // 4))
    return disc.filter(ImageFilter.GaussianBlur(max(height / 5, 1)))


def _shadow(image: Image.Image, x: int, feet: int, span: int, night: bool) -> None:
    # Rounded, so that few discs serve all frames.
    width = max(8, round(span * 1.05 / 8) * 8)
    height = max(6, round(span * 0.12 / 4) * 4)
    disc = _soft_disc(width, height, 130 if night else 120)
    image.paste((8, 8, 6), (x + (span - width) // 2, feet - height // 2 - 1), disc)


def _expose(
    pixels: np.ndarray, falloff: np.ndarray, light: Light, rng: np.random.Generator
) -> np.ndarray:
    if not light.night:
        return pixels * light.gain + _noise(pixels.shape[:2], rng)[..., None] * 2.2
    grey = pixels[..., 0] * falloff * light.gain[0]
    if light.burnt:
        grey = grey * 1.25 + 8
    grey += _noise(grey.shape, rng) * 5
    return np.repeat(grey[..., None], 3, 2)


@lru_cache(maxsize=2)
def _noise_tile(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(11).standard_normal((height + 64, width + 64)).astype(np.float32)


def _noise(size: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    top, left = rng.integers(0, 64, 2)
    return _noise_tile(*size)[top : top + size[0], left : left + size[1]]


def _eye_shine(pixels: np.ndarray, parts: np.ndarray) -> None:
    """Eyes throw the flash back."""
    eyes = parts == PART_ID["eye"]
    if not eyes.any():
        return
    pixels[eyes] = 250
    rows, columns = np.nonzero(eyes)
    radius = max(1, min(3, round(pixels.shape[1] / 160)))
    top, left = max(rows.min() - radius, 0), max(columns.min() - radius, 0)
    window = pixels[top : rows.max() + radius + 1, left : columns.max() + radius + 1]
    np.clip(window * 1.25 + 18, 0, 255, out=window)
