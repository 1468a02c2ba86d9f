"""The rodent: a mouse, enlarged."""

import numpy as np

from camtrap_jax.synthetic.figures.canvas import GROUND, Canvas
from camtrap_jax.synthetic.figures.shapes import blob, ellipse, strands, tube

FUR = "#765b3f"
BODY = ((62, 132), (64, 108), (82, 90), (108, 86), (134, 96), (152, 110), (154, 130), (136, 142),
        (106, 146), (78, 144))  # fmt: skip
HEAD = ((138, 118), (140, 100), (154, 94), (172, 104), (186, 119), (184, 125), (168, 131),
        (148, 132))  # fmt: skip


def draw_rodent(canvas: Canvas, rng: np.random.Generator) -> None:
    """A hunched body on short feet with a long bare tail."""
    sway, nod = rng.uniform(-8, 8), rng.uniform(-2, 2)
    path = [(70, 138), (50, 144), (30, 140), (18, 126 + sway), (10, 108 + sway), (14, 94 + sway)]
    bare = tube(path, [3.4, 2.6, 2.2, 1.8, 1.5, 1.0])
    canvas.paint(bare, "#b98d80", "tail", bulge=1.4, fur=0.03)
    for x, dim in ((148, 0.7), (96, 0.7), (140, 1.0), (86, 1.0)):
        shank = tube([(x, 132), (x + 2, GROUND - 3)], [6, 2.6])
        canvas.paint(shank, "#6f573f", "legs", bulge=2, dim=dim)
        canvas.paint(ellipse(x + 6, GROUND - 2, 7, 2.2), "#c79c8e", "legs", bulge=1.2, dim=dim)
    canvas.paint(blob(BODY), (FUR, "#a78c6d"), "body", bulge=13, fur=0.13)
    canvas.paint(ellipse(86, 128, 17, 16), "#7a5f43", "legs", bulge=6, fur=0.12, fuse=True)
    _draw_head(canvas, nod)


def _draw_head(canvas: Canvas, nod: float) -> None:
    canvas.paint(ellipse(146, 92 + nod, 9, 11, angle=-15), "#9c7a68", "ears", bulge=2.5, dim=0.8)
    head = np.array(HEAD) + np.array([0, nod])
    canvas.paint(blob(head), (FUR, "#b59c80"), "head", bulge=7, fur=0.12)
    canvas.paint(ellipse(143, 93 + nod, 11, 13, angle=-10), "#7d6049", "ears", bulge=2.5)
    canvas.mark(ellipse(143.5, 94 + nod, 7.5, 9.5, angle=-10), "#d4a593", "ears", on=("ears",))
    canvas.paint(ellipse(165, 108 + nod, 3.6, 3.6), "#0e0b0a", "eye", bulge=1.2, fur=0)
    canvas.mark(ellipse(166.2, 106.6 + nod, 1.1, 1.1), "#ffffff", None, on=("eye",))
    canvas.paint(ellipse(185.5, 121 + nod, 2.6, 2.4), "#8c5a55", "muzzle", bulge=1)
    whiskers = strands([(180, 124 + nod)] * 6, [160, 150, 170, 20, 35, 8], 15, width=0.5)
    canvas.paint(whiskers, "#e6ded2", "muzzle", bulge=0.3, fur=0)
