"""Trunk, sail-like ears, and tusks."""

import numpy as np

from camtrap_jax.synthetic.figures.canvas import GROUND, Canvas
from camtrap_jax.synthetic.figures.quadruped import Figure
from camtrap_jax.synthetic.figures.shapes import blob, tube


def trunk(colour: str):
    """A trunk that hangs to the ground and curls, with folds."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.on_head(0.52, 0.10)
        drop = GROUND - 8 - y
        curl = figure.rng.uniform(-1, 1)
        path = [
            (x, y),
            (x + 7, y + 0.25 * drop),
            (x + 8 + curl, y + 0.55 * drop),
            (x + 7 + 3 * curl, y + 0.82 * drop),
            (x + 13 + 5 * curl, y + drop),
            (x + 20 + 4 * curl, y + 0.93 * drop),
        ]
        radii = [9.5, 7.8, 5.8, 4.4, 3.6, 2.8]
        canvas.paint(tube(path, radii), colour, "trunk", bulge=4, fuse=True)
        for k in range(1, 9):
            t = k / 9 * 0.75
            fold = (x + 7, y + t * drop)
            canvas.mark(
                tube([(fold[0] - 10, fold[1]), fold, (fold[0] + 10, fold[1])], [0.35, 0.5, 0.35]),
                "#5c5653",
                None,
                on=("trunk",),
                strength=0.6,
            )

    return feature


def elephant_ear(colour: str):
    """An ear over the shoulder."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        points = (
            (0.12, -0.44),
            (-0.35, -0.62),
            (-0.85, -0.42),
            (-0.95, 0.05),
            (-0.70, 0.55),
            (-0.38, 0.95),
            (-0.12, 0.62),
            (0.10, 0.20),
        )
        canvas.paint(
            blob([figure.on_head(x, y) for x, y in points]), colour, "ears", bulge=3.5, fur=0.05
        )

    return feature


def tusks(colour: str, *, path, radius: float, part: str = "tusks"):
    """A tusk along `path` in head lengths (x to the nose, y down), the far one paler behind it."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        for shift, dim in ((0.09, 0.8), (0.0, 1.05)):
            axis = [figure.on_head(x + shift, y - shift * 0.5) for x, y in path]
            canvas.paint(
                tube(axis, np.linspace(radius, 0.3, len(axis))),
                colour,
                part,
                bulge=radius * 0.6,
                fur=0,
                dim=dim,
            )

    return feature
