"""The cameras of a study: fixed views by day and by night, and the landmarks of two of them."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from camtrap_jax.synthetic.cutouts import crop_background
from camtrap_jax.synthetic.views.habitats import HABITATS
from camtrap_jax.synthetic.views.landmarks import LANDMARKS, draw_landmark
from camtrap_jax.synthetic.views.scenery import paint_background, paint_foreground

MARGIN_PX = 6
"""Views are this much larger than a frame on every side: a burst looks a pixel or two aside."""

STRIP = 0.07
"""Height of the information strip as a fraction of the frame's."""

_STREAM = 2_000_003  # keeps the cameras' random numbers apart from the bursts'


@dataclass(frozen=True, slots=True)
class Place:
    """What is fixed about a camera before anything is drawn.

    Attributes:
        name: Such as 'C07'; no underscore, the file names split there.
        number: Its position among the cameras.
        habitat: Key of `HABITATS`; empty where a photograph is the view.
        photograph: Path of that photograph, or empty.
        landmark: Key of `LANDMARKS` or empty.
        landmark_side: -1 left, 1 right.
    """

    name: str
    number: int
    habitat: str
    photograph: str
    landmark: str
    landmark_side: int


@dataclass(slots=True)
class View:
    """A camera's pictures, `MARGIN_PX` larger than the frame on every side.

    Attributes:
        day, night: RGB without animals; the night is infrared, lit by a flash.
        grass_day, grass_night: RGBA, before the animals.
        falloff: float32 [height, width] of the frame without strip: flash and dark corners.
    """

    day: Image.Image
    night: Image.Image
    grass_day: Image.Image
    grass_night: Image.Image
    falloff: np.ndarray


def frame_size(image_size: int) -> tuple[int, int, int]:
    """Width, height, and height of the strip in px; frames are 4:3."""
    height = round(image_size * 3 / 4)
    return image_size, height, max(3, round(STRIP * height))


def make_places(num_cameras: int, photographs: list[str]) -> list[Place]:
    """Names the cameras and deals out habitats, or photographs where there are some.

    The last cameras have a landmark each.
    """
    unmarked = [""] * (num_cameras - len(LANDMARKS))
    habitats = list(HABITATS)
    places = []
    for number, landmark in enumerate([*unmarked, *LANDMARKS]):
        photograph = photographs[number % len(photographs)] if photographs else ""
        habitat = "" if photograph else habitats[number % len(habitats)]
        name = f"{'ABCDEFGHJKLM'[number * 5 % 12]}{number + 1:02d}"
        places.append(
            Place(
                name,
                number,
                habitat,
                photograph,
                landmark,
                -1 if number % 2 else 1,
            )
        )
    return places


def landmark_box(place: Place, image_size: int) -> tuple[int, int, int, int] | None:
    """Where the landmark stands in the frame: (x, y, width, height) in px."""
    if not place.landmark:
        return None
    width, height, strip = frame_size(image_size)
    image = draw_landmark(place.landmark, round(LANDMARKS[place.landmark][1] * height))
    inset = round(0.02 * width)
    x = inset if place.landmark_side < 0 else width - inset - image.width
    return x, round(0.80 * (height - strip)) - image.height, image.width, image.height


def make_view(place: Place, image_size: int, seed: int) -> View:
    """Draws a camera's view; the same seed and place are the same view."""
    rng = np.random.default_rng([seed, _STREAM, place.number])
    width, height, strip = frame_size(image_size)
    frame = (width, height - strip)
    size = (frame[0] + 2 * MARGIN_PX, frame[1] + 2 * MARGIN_PX)
    if place.photograph:
        day = crop_background(place.photograph, size, rng)
        grass = paint_foreground(HABITATS["savanna"], size, rng)
    else:
        day = _out_of_focus(paint_background(HABITATS[place.habitat], size, rng))
        grass = paint_foreground(HABITATS[place.habitat], size, rng)
    night = _night(day)
    box = landmark_box(place, image_size)
    if box:
        image = draw_landmark(place.landmark, box[3])
        at = (box[0] + MARGIN_PX, box[1] + MARGIN_PX)
        _set_down(day, image, at)
        # The flash reaches it as it reaches the animals.
        lit = _infrared(image.convert("RGB"), 0.95)
        lit.putalpha(image.getchannel("A"))
        _set_down(night, lit, at)
    grass_night = _infrared(grass.convert("RGB"), 1.15)
    grass_night.putalpha(grass.getchannel("A"))
    return View(day, night, grass, grass_night, _falloff(frame))


def _out_of_focus(view: Image.Image) -> Image.Image:
    """Softens what lies behind the animals: a camera trap focuses on the trail before it."""
    hazy = ImageEnhance.Contrast(view).enhance(0.62)
    return hazy.filter(ImageFilter.GaussianBlur(1.5 * view.width / 320))


def _set_down(view: Image.Image, image: Image.Image, at: tuple[int, int]) -> None:
    """Pastes an object with a shadow at its foot."""
    shadow = Image.new("RGBA", image.size, (20, 18, 12, 255))
    shadow.putalpha(image.getchannel("A").point([alpha // 3 for alpha in range(256)]))
    shadow = shadow.resize((image.width, max(image.height // 5, 1)))
    shadow = shadow.filter(ImageFilter.GaussianBlur(2))
    view.paste(shadow, (at[0], at[1] + image.height - shadow.height // 2), shadow)
    view.paste(image, at, image)


def _ramp(gain: float) -> list[int]:
    return [min(255, int(grey * gain)) for grey in range(256)]


def _infrared(image: Image.Image, gain: float) -> Image.Image:
    return image.convert("L").point(_ramp(gain)).convert("RGB")


def _night(day: Image.Image) -> Image.Image:
    """The view in infrared: the flash reaches the ground in front, never the sky."""
    grey = np.asarray(day.convert("L"), np.float32)
    y = np.linspace(0, 1, day.height)[:, None]
    reach = 0.10 + 0.55 * np.exp(-(((y - 0.78) / 0.30) ** 2))
    grey = np.clip(16 + grey * reach, 0, 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def _falloff(frame: tuple[int, int]) -> np.ndarray:
    x = np.linspace(-1, 1, frame[0])[None]
    y = np.linspace(-1, 1, frame[1])[:, None]
    return (1.06 - 0.42 * (x**2 + 0.8 * (y - 0.2) ** 2) ** 1.1).clip(0.3, 1.06).astype(np.float32)
