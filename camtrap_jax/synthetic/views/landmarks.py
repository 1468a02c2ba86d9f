"""Objects that stand before one camera only, for the bias that is planted."""

import numpy as np
from PIL import Image

from camtrap_jax.synthetic.figures.canvas import Canvas
from camtrap_jax.synthetic.figures.shapes import blob, tube


def _termite_mound(canvas: Canvas) -> None:
    outline = (
        (60, 152),
        (70, 122),
        (82, 104),
        (86, 70),
        (96, 46),
        (104, 40),
        (112, 52),
        (118, 84),
        (130, 100),
        (142, 124),
        (152, 152),
    )
    canvas.paint(blob(outline), ("#c4683c", "#8f4526"), "body", bulge=12, fur=0.16)
    for x, top in ((76, 112), (134, 104), (118, 84)):
        canvas.paint(
            tube([(x, 150), (x + 1, (150 + top) / 2), (x, top)], [9, 7, 3]),
            ("#cd7446", "#8f4526"),
            "body",
            bulge=4,
            fur=0.16,
        )


def _white_rock(canvas: Canvas) -> None:
    stones = (
        ((46, 152), (50, 122), (70, 104), (96, 104), (112, 124), (114, 152)),
        ((96, 152), (98, 128), (118, 112), (144, 116), (158, 136), (160, 152)),
        ((72, 112), (78, 84), (98, 72), (122, 80), (130, 106), (112, 118), (86, 118)),
    )
    for stone in stones:
        canvas.paint(blob(stone), ("#f7f5ef", "#bdbab3"), "body", bulge=9, fur=0.05)


LANDMARKS = {"termite mound": (_termite_mound, 0.50), "white rock": (_white_rock, 0.33)}
"""Drawing and height as a fraction of the frame's."""


def draw_landmark(name: str, height_px: int) -> Image.Image:
    """The landmark as RGBA, `height_px` tall."""
    canvas = Canvas(4 * height_px, np.random.default_rng(3))
    LANDMARKS[name][0](canvas)
    image = canvas.finish(tint=np.ones(3, np.float32)).image
    return image.resize(
        (round(image.width * height_px / image.height), height_px), Image.Resampling.LANCZOS
    )
