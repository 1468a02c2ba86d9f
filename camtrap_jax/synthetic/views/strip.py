"""The information strip that a camera prints under a frame."""

from datetime import datetime
from functools import lru_cache

from PIL import Image, ImageDraw, ImageFont

MOONS = (
    "new moon",
    "waxing crescent",
    "first quarter",
    "waxing gibbous",
    "full moon",
    "waning gibbous",
    "last quarter",
    "waning crescent",
)
_NEW_MOON = datetime(2016, 1, 10)
_MONTH_DAYS = 29.53


@lru_cache(maxsize=4)
def _font(height: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size=max(6, height * 0.68))


def moon(when: datetime) -> str:
    """Phase of the moon."""
    days = (when - _NEW_MOON).total_seconds() / 86400 % _MONTH_DAYS
    return MOONS[int(days / _MONTH_DAYS * 8 + 0.5) % 8]


def draw_strip(size: tuple[int, int], camera: str, when: datetime, celsius: int) -> Image.Image:
    """Black bar with camera, date, time, temperature, moon; what does not fit is left out."""
    width, height = size
    image = Image.new("RGB", size)
    draw = ImageDraw.Draw(image)
    font = _font(height)
    x = 0.02 * width
    for text in (camera, f"{when:%Y-%m-%d}", f"{when:%H:%M:%S}", f"{celsius} C", moon(when)):
        length = draw.textlength(text, font=font)
        if x + length > 0.99 * width:
            break
        draw.text((x, height * 0.08), text, font=font, fill=(236, 236, 236))
        x += length + 0.035 * width
    return image
