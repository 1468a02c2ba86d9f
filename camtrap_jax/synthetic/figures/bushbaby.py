"""The bushbaby: eyes, ears and tail make up most of it."""

import numpy as np

from camtrap_jax.synthetic.figures.canvas import GROUND, Canvas
from camtrap_jax.synthetic.figures.shapes import blob, ellipse, tube

FUR = "#7d7064"
BODY = ((84, 138), (82, 112), (94, 92), (114, 82), (134, 88), (140, 108), (132, 130), (114, 144),
        (96, 146))  # fmt: skip


def draw_bushbaby(canvas: Canvas, rng: np.random.Generator) -> None:
    """A crouching galago that looks into the camera."""
    tilt, sway = rng.uniform(-3, 3), rng.uniform(-6, 6)
    path = [(86, 136), (62, 140), (42, 126), (34, 100 + sway), (44, 74 + sway), (60, 66 + sway)]
    brush = tube(path, [4.5, 6, 7.5, 8.5, 8, 3.5])
    canvas.paint(brush, ("#6d6258", "#4f463f"), "tail", bulge=5, fur=0.16)
    far_arm = tube([(134, 108), (140, 130), (146, GROUND - 3)], [7, 4, 3])
    canvas.paint(far_arm, FUR, "legs", bulge=2.5, dim=0.7)
    canvas.paint(blob(BODY), ("#85786b", "#b5a896"), "body", bulge=11, fur=0.14)
    thigh = tube([(102, 122), (118, 130), (104, 144), (122, GROUND - 3)], [15, 8, 4, 3.5])
    canvas.paint(thigh, FUR, "legs", bulge=5, fur=0.12)
    arm = tube([(126, 104), (130, 126), (134, GROUND - 3)], [8, 4.2, 3.2])
    canvas.paint(arm, FUR, "legs", bulge=3, fur=0.12)
    for x in (123, 135):
        canvas.paint(ellipse(x + 2, GROUND - 2.5, 6, 2.5), "#5d5148", "legs", bulge=1.2)
    _draw_head(canvas, 135 + tilt)


def _draw_head(canvas: Canvas, x: float) -> None:
    for side, dim in ((1, 0.85), (-1, 1.0)):
        ear_x, lean = x + 14 * side - 1, 24 * side
        canvas.paint(ellipse(ear_x, 46, 10, 19, angle=lean), "#6b5f54", "ears", bulge=2.5, dim=dim)
        canvas.mark(ellipse(ear_x, 48, 6.5, 14, angle=lean), "#d9ab97", "ears", on=("ears",))
    canvas.paint(ellipse(x, 76, 25, 21), ("#86796c", "#a3968a"), "head", bulge=8, fur=0.12)
    canvas.mark(ellipse(x + 6, 84, 5, 18), "#ded4c4", "face_marks", on=("head",))
    for eye_x in (x - 7, x + 15):
        ring = ellipse(eye_x, 75, 10.5, 11)
        canvas.mark(ring, "#3b322c", "face_mask", on=("head", "face_marks"))
        canvas.paint(ellipse(eye_x, 75, 8.2, 8.6), "#c8741d", "eye", bulge=2.5, fur=0)
        canvas.mark(ellipse(eye_x + 0.8, 75, 4.4, 5.2), "#0d0a08", None, on=("eye",))
        canvas.mark(ellipse(eye_x + 2.4, 72, 1.7, 1.7), "#ffffff", None, on=("eye",))
    canvas.paint(ellipse(x + 7, 90, 4.5, 3.4), "#4b3a36", "muzzle", bulge=1.2)
