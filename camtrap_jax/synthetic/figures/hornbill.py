"""The ground hornbill, the only bird."""

import numpy as np

from camtrap_jax.synthetic.figures.canvas import GROUND, Canvas
from camtrap_jax.synthetic.figures.shapes import blob, ellipse, strands, tube

BLACK, RED, SKIN = "#1b1a1d", "#d81f1c", "#2b2827"
OUTLINES = {
    "body": ((64, 78), (80, 66), (104, 60), (124, 62), (134, 74), (130, 92), (114, 106), (92, 106),
             (74, 94)),
    "wing": ((68, 78), (88, 70), (112, 70), (122, 80), (112, 94), (90, 98), (70, 90)),
    "bill": ((148, 26), (162, 28), (178, 36), (189, 48), (176, 44), (162, 41), (149, 41)),
    "pouch": ((146, 40), (154, 44), (153, 58), (146, 68), (139, 60), (139, 46)),
}  # fmt: skip


def draw_hornbill(canvas: Canvas, rng: np.random.Generator) -> None:
    """A turkey-sized black bird with a red throat and a heavy bill."""
    nod, stride = rng.uniform(-3, 3), rng.uniform(-5, 5)
    fan = 180 - rng.uniform(-16, 12, 14)
    feathers = strands([(66, 82)] * 14, fan, rng.uniform(34, 44, 14), width=7)
    canvas.paint(feathers, "#141316", "tail", bulge=1.5)
    _draw_legs(canvas, stride)
    canvas.paint(blob(OUTLINES["body"]), (BLACK, "#121114"), "body", bulge=10, fur=0.1)
    neck = tube([(122, 76), (134, 62), (137, 48 + nod), (140, 38 + nod)], [13, 9, 7.5, 8])
    canvas.paint(neck, BLACK, "neck", bulge=5, fur=0.1)
    canvas.paint(blob(OUTLINES["wing"]), "#232126", "wings", bulge=6, fur=0.12)
    primaries = strands([(112 - 6 * k, 94 + (k % 2)) for k in range(7)], 168, 22, width=6)
    canvas.paint(primaries, "#1d1b20", "wings", bulge=1.5)
    _draw_face(canvas, nod)


def _draw_legs(canvas: Canvas, stride: float) -> None:
    for x, sign, dim in ((103, -1, 0.7), (98, 1, 1.0)):
        foot = (x + 4 + sign * stride, GROUND - 2)
        shank = tube([(x, 100), (x - 2, 124), foot], [5.5, 2.3, 2.0])
        canvas.paint(shank, SKIN, "legs", bulge=1.5, dim=dim)
        for reach in (11, 8, -7):
            toe = tube([foot, (foot[0] + reach, GROUND - 1)], [1.7, 1.0])
            canvas.paint(toe, SKIN, "legs", bulge=1, dim=dim)


def _draw_face(canvas: Canvas, nod: float) -> None:
    bill, pouch = (np.array(OUTLINES[name]) + np.array([0, nod]) for name in ("bill", "pouch"))
    canvas.paint(ellipse(143, 34 + nod, 11, 9.5), "#1c1a1e", "head", bulge=4)
    canvas.paint(blob(bill), ("#3b3836", "#211f1e"), "bill", bulge=2.5, fur=0.01)
    canvas.paint(ellipse(152, 26 + nod, 7, 4), "#2c2a29", "bill", bulge=2)
    canvas.paint(blob(pouch), (RED, "#b3100f"), "throat", bulge=3, fur=0.03)
    canvas.paint(ellipse(146, 32 + nod, 6.5, 5), RED, "throat", bulge=2, fur=0.02)
    canvas.paint(ellipse(147, 31 + nod, 2.0, 2.0), "#e8d89a", "eye", bulge=0.7, fur=0)
    canvas.mark(ellipse(147.3, 31 + nod, 1.1, 1.1), "#0d0b0a", None, on=("eye",))
