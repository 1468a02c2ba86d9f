"""Figures that share no build: the ground hornbill, the bushbaby and the rodent."""

import numpy as np

from camtrap_jax.synthetic.figures.canvas import GROUND, Canvas
from camtrap_jax.synthetic.figures.shapes import blob, ellipse, strands, tube

BLACK = "#1b1a1d"


def draw_hornbill(canvas: Canvas, rng: np.random.Generator) -> None:
    """A turkey-sized black bird with a red throat and a heavy bill."""
    nod = rng.uniform(-3, 3)
    stride = rng.uniform(-5, 5)
    canvas.paint(
        strands([(66, 82)] * 14, 180 - rng.uniform(-16, 12, 14), rng.uniform(34, 44, 14), width=7),
        "#141316",
        "tail",
        bulge=1.5,
    )
    for x, sign, dim in ((103, -1, 0.7), (98, 1, 1.0)):
        foot = (x + 4 + sign * stride, GROUND - 2)
        canvas.paint(
            tube([(x, 100), (x - 2, 124), foot], [5.5, 2.3, 2.0]),
            "#2b2827",
            "legs",
            bulge=1.5,
            dim=dim,
        )
        for toe in (11, 8, -7):
            canvas.paint(
                tube([foot, (foot[0] + toe, GROUND - 1)], [1.7, 1.0]),
                "#2b2827",
                "legs",
                bulge=1,
                dim=dim,
            )
    body = (
        (64, 78),
        (80, 66),
        (104, 60),
        (124, 62),
        (134, 74),
        (130, 92),
        (114, 106),
        (92, 106),
        (74, 94),
    )
    canvas.paint(blob(body), (BLACK, "#121114"), "body", bulge=10, fur=0.1)
    canvas.paint(
        tube([(122, 76), (134, 62), (137, 48 + nod), (140, 38 + nod)], [13, 9, 7.5, 8]),
        BLACK,
        "neck",
        bulge=5,
        fur=0.1,
    )
    wing = ((68, 78), (88, 70), (112, 70), (122, 80), (112, 94), (90, 98), (70, 90))
    canvas.paint(blob(wing), "#232126", "wings", bulge=6, fur=0.12)
    feathers = strands([(112 - 6 * k, 94 + (k % 2)) for k in range(7)], 168, 22, width=6)
    canvas.paint(feathers, "#1d1b20", "wings", bulge=1.5)
    canvas.paint(ellipse(143, 34 + nod, 11, 9.5), "#1c1a1e", "head", bulge=4)
    bill = (
        (148, 26 + nod),
        (162, 28 + nod),
        (178, 36 + nod),
        (189, 48 + nod),
        (176, 44 + nod),
        (162, 41 + nod),
        (149, 41 + nod),
    )
    canvas.paint(blob(bill), ("#3b3836", "#211f1e"), "bill", bulge=2.5, fur=0.01)
    canvas.paint(ellipse(152, 26 + nod, 7, 4), "#2c2a29", "bill", bulge=2)
    pouch = (
        (146, 40 + nod),
        (154, 44 + nod),
        (153, 58 + nod),
        (146, 68 + nod),
        (139, 60 + nod),
        (139, 46 + nod),
    )
    canvas.paint(blob(pouch), ("#d81f1c", "#b3100f"), "throat", bulge=3, fur=0.03)
    canvas.paint(ellipse(146, 32 + nod, 6.5, 5), "#d81f1c", "throat", bulge=2, fur=0.02)
    canvas.paint(ellipse(147, 31 + nod, 2.0, 2.0), "#e8d89a", "eye", bulge=0.7, fur=0)
    canvas.mark(ellipse(147.3, 31 + nod, 1.1, 1.1), "#0d0b0a", None, on=("eye",))


def draw_bushbaby(canvas: Canvas, rng: np.random.Generator) -> None:
    """A crouching galago: eyes, ears and tail make up most of it."""
    tilt, sway = rng.uniform(-3, 3), rng.uniform(-6, 6)
    tail = [(86, 136), (62, 140), (42, 126), (34, 100 + sway), (44, 74 + sway), (60, 66 + sway)]
    canvas.paint(
        tube(tail, [4.5, 6, 7.5, 8.5, 8, 3.5]), ("#6d6258", "#4f463f"), "tail", bulge=5, fur=0.16
    )
    canvas.paint(
        tube([(134, 108), (140, 130), (146, GROUND - 3)], [7, 4, 3]),
        "#75695d",
        "legs",
        bulge=2.5,
        dim=0.7,
    )
    body = (
        (84, 138),
        (82, 112),
        (94, 92),
        (114, 82),
        (134, 88),
        (140, 108),
        (132, 130),
        (114, 144),
        (96, 146),
    )
    canvas.paint(blob(body), ("#85786b", "#b5a896"), "body", bulge=11, fur=0.14)
    canvas.paint(
        tube([(102, 122), (118, 130), (104, 144), (122, GROUND - 3)], [15, 8, 4, 3.5]),
        "#7d7064",
        "legs",
        bulge=5,
        fur=0.12,
    )
    canvas.paint(
        tube([(126, 104), (130, 126), (134, GROUND - 3)], [8, 4.2, 3.2]),
        "#7d7064",
        "legs",
        bulge=3,
        fur=0.12,
    )
    for x in (123, 135):
        canvas.paint(ellipse(x + 2, GROUND - 2.5, 6, 2.5), "#5d5148", "legs", bulge=1.2)
    for x, lean, dim in ((148, 24, 0.85), (120, -24, 1.0)):
        ear = ellipse(x + tilt, 46, 10, 19, angle=lean)
        canvas.paint(ear, "#6b5f54", "ears", bulge=2.5, dim=dim)
        canvas.mark(ellipse(x + tilt, 48, 6.5, 14, angle=lean), "#d9ab97", "ears", on=("ears",))
    canvas.paint(ellipse(135 + tilt, 76, 25, 21), ("#86796c", "#a3968a"), "head", bulge=8, fur=0.12)
    canvas.mark(ellipse(141 + tilt, 84, 5, 18), "#ded4c4", "face_marks", on=("head",))
    for x in (128, 150):
        canvas.mark(
            ellipse(x + tilt, 75, 10.5, 11), "#3b322c", "face_mask", on=("head", "face_marks")
        )
        canvas.paint(ellipse(x + tilt, 75, 8.2, 8.6), "#c8741d", "eye", bulge=2.5, fur=0)
        canvas.mark(ellipse(x + tilt + 0.8, 75, 4.4, 5.2), "#0d0a08", None, on=("eye",))
        canvas.mark(ellipse(x + tilt + 2.4, 72, 1.7, 1.7), "#ffffff", None, on=("eye",))
    canvas.paint(ellipse(142 + tilt, 90, 4.5, 3.4), "#4b3a36", "muzzle", bulge=1.2)


def draw_rodent(canvas: Canvas, rng: np.random.Generator) -> None:
    """A mouse-shaped body on short feet with a long bare tail."""
    sway, nod = rng.uniform(-8, 8), rng.uniform(-2, 2)
    tail = [(70, 138), (50, 144), (30, 140), (18, 126 + sway), (10, 108 + sway), (14, 94 + sway)]
    canvas.paint(tube(tail, [3.4, 2.6, 2.2, 1.8, 1.5, 1.0]), "#b98d80", "tail", bulge=1.4, fur=0.03)
    for x, dim in ((148, 0.7), (96, 0.7), (140, 1.0), (86, 1.0)):
        canvas.paint(
            tube([(x, 132), (x + 2, GROUND - 3)], [6, 2.6]), "#6f573f", "legs", bulge=2, dim=dim
        )
        canvas.paint(ellipse(x + 6, GROUND - 2, 7, 2.2), "#c79c8e", "legs", bulge=1.2, dim=dim)
    body = (
        (62, 132),
        (64, 108),
        (82, 90),
        (108, 86),
        (134, 96),
        (152, 110),
        (154, 130),
        (136, 142),
        (106, 146),
        (78, 144),
    )
    canvas.paint(blob(body), ("#765b3f", "#a78c6d"), "body", bulge=13, fur=0.13)
    canvas.paint(ellipse(86, 128, 17, 16), "#7a5f43", "legs", bulge=6, fur=0.12, fuse=True)
    canvas.paint(ellipse(146, 92 + nod, 9, 11, angle=-15), "#9c7a68", "ears", bulge=2.5, dim=0.8)
    head = (
        (138, 118 + nod),
        (140, 100 + nod),
        (154, 94 + nod),
        (172, 104 + nod),
        (186, 119 + nod),
        (184, 125 + nod),
        (168, 131 + nod),
        (148, 132 + nod),
    )
    canvas.paint(blob(head), ("#765b3f", "#b59c80"), "head", bulge=7, fur=0.12)
    canvas.paint(ellipse(143, 93 + nod, 11, 13, angle=-10), "#7d6049", "ears", bulge=2.5)
    canvas.mark(ellipse(143.5, 94 + nod, 7.5, 9.5, angle=-10), "#d4a593", "ears", on=("ears",))
    canvas.paint(ellipse(165, 108 + nod, 3.6, 3.6), "#0e0b0a", "eye", bulge=1.2, fur=0)
    canvas.mark(ellipse(166.2, 106.6 + nod, 1.1, 1.1), "#ffffff", None, on=("eye",))
    canvas.paint(ellipse(185.5, 121 + nod, 2.6, 2.4), "#8c5a55", "muzzle", bulge=1)
    whiskers = strands([(180, 124 + nod)] * 6, [160, 150, 170, 20, 35, 8], 15, width=0.5)
    canvas.paint(whiskers, "#e6ded2", "muzzle", bulge=0.3, fur=0)
