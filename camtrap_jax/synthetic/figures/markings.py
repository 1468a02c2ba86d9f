"""Marks that lie in the coat; each maker returns a feature `(canvas, figure)` for a `Build`."""

from collections.abc import Callable

import numpy as np

from camtrap_jax.synthetic.figures.canvas import Canvas
from camtrap_jax.synthetic.figures.quadruped import Figure
from camtrap_jax.synthetic.figures.shapes import along, blob, ellipse, tube

Feature = Callable[[Canvas, Figure], None]
Range = tuple[float, float]
COAT = ("body", "neck", "legs", "belly")


def bands(
    count: int,
    colour: str,
    *,
    width: float,
    span: Range = (0.08, 0.9),
    down: Range = (-0.1, 0.75),
    strength: float = 1.0,
) -> Feature:
    """Vertical stripes over the torso, tapering downwards."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        lean = figure.rng.uniform(-0.006, 0.010)
        for u in np.linspace(span[0], span[1], count) + figure.rng.uniform(-0.008, 0.008, count):
            path = [
                figure.at(u + lean * k, v) for k, v in enumerate(np.linspace(down[0], down[1], 5))
            ]
            canvas.mark(
                tube(path, np.array([0.7, 1, 1, 0.8, 0.3]) * width / 2),
                colour,
                "stripes",
                on=COAT,
                strength=strength,
            )

    return feature


def rosettes(
    rows: int,
    columns: int,
    colour: str,
    *,
    size: float,
    span: Range = (0.0, 1.0),
    down: Range = (0.08, 0.85),
    on=COAT,
) -> Feature:
    """Spots in staggered rows over torso, thighs and neck."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        shape = []
        for row, v in enumerate(np.linspace(down[0], down[1], rows)):
            for u in np.linspace(span[0], span[1], columns) + (row % 2) * 0.5 / columns:
                x, y = figure.at(u, v) + figure.rng.uniform(-1, 1, 2) * size * 0.35
                radius = size * figure.rng.uniform(0.8, 1.2) * (1 - 0.25 * v)
                shape += ellipse(x, y, radius * 1.25, radius, angle=figure.rng.uniform(-25, 25))
        canvas.mark(shape, colour, "spots", on=on)

    return feature


def neck_spots(colour: str, *, size: float, count: int = 9) -> Feature:
    """Spots on neck and legs."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        points, _ = along(figure.neck, figure.rng.uniform(0.1, 1, count))
        spots = [
            point + figure.rng.uniform(-0.7, 0.7, 2) * figure.build.neck[3] for point in points
        ]
        for u in (0.06, 0.12, 0.85, 0.9):
            spots += [figure.at(u, v) for v in (1.05, 1.3)]
        canvas.mark(
            [ellipse(x, y, size * 0.9, size * 0.8)[0] for x, y in spots], colour, "spots", on=COAT
        )

    return feature


def underside(
    colour: str, *, start: float = 0.72, part: str = "belly", span: Range = (-0.05, 1.05)
) -> Feature:
    """A belly of another colour, with a sharp edge."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        edge = [
            figure.at(u, start + 0.05 * np.sin(u * 9)) for u in np.linspace(span[0], span[1], 9)
        ]
        low = [figure.at(u, 1.3) for u in np.linspace(span[0], span[1], 9)[::-1]]
        canvas.mark([np.array(edge + low)], colour, part, on=("body",))

    return feature


def rump(
    colour: str, *, radius: float, part: str = "rump_patch", at=(0.0, 0.35), tall: float = 1.3
) -> Feature:
    """A patch under the tail."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.at(*at)
        canvas.mark(ellipse(x, y, radius, radius * tall), colour, part, on=("body", "legs"))

    return feature


def rump_ring(colour: str, *, radius: float, width: float) -> Feature:
    """The waterbuck's ring around the tail."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.at(0.15, 0.46)
        t = np.linspace(0, 2 * np.pi, 24)
        path = np.stack([x + radius * np.cos(t), y + radius * 1.1 * np.sin(t)], 1)
        canvas.mark(
            tube(path, np.full(24, width / 2), steps=2),
            colour,
            "rump_ring",
            on=("body", "legs", "tail"),
        )

    return feature


def rump_streaks(colour: str, *, width: float) -> Feature:
    """The impala's black lines down the haunches, with a white field between them."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.at(0.0, 0.42)
        canvas.mark(ellipse(x - 1, y, 6, 15), "#f2e9da", "rump_patch", on=("body", "legs"))
        for u in (0.0, 0.12):
            path = [
                figure.at(u + 0.02, 0.05),
                figure.at(u + 0.035, 0.45),
                figure.at(u + 0.02, 0.95),
            ]
            canvas.mark(
                tube(path, [width * 0.4, width * 0.5, width * 0.3]),
                colour,
                "rump_streaks",
                on=("body", "legs", "rump_patch"),
            )

    return feature


def face(colour: str, outline, *, part: str = "face_marks", on=("head",)) -> Feature:
    """A patch on the face; `outline` in head lengths (x to the nose, y down)."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        canvas.mark(blob([figure.on_head(x, y) for x, y in outline]), colour, part, on=on)

    return feature


def saddle(
    colour: str,
    *,
    down: float = 0.45,
    part: str = "mantle",
    span: Range = (-0.06, 1.06),
    on=COAT,
    neck: bool = True,
) -> Feature:
    """A back of another colour, down to the fraction `down` of the torso."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        low = [
            figure.at(u, down + 0.03 * np.sin(u * 11))
            for u in np.linspace(span[0], span[1], 10)[::-1]
        ]
        high = [figure.at(u, -0.4) for u in np.linspace(span[0], span[1], 10)]
        shape = [np.array(high + low)]
        if neck:
            upper = (
                figure.neck
                + (-0.5, -1.0)
                * np.linspace(figure.build.neck[2], figure.build.neck[3], len(figure.neck))[:, None]
                * 0.9
            )
            shape += tube(
                upper,
                np.linspace(figure.build.neck[2], figure.build.neck[3], len(upper)) * 0.75,
                steps=2,
            )
        canvas.mark(shape, colour, part, on=on)

    return feature


def patch(colour: str, *, at, radius: tuple[float, float], part: str | None, on=COAT) -> Feature:
    """An ellipse on the torso."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.at(*at)
        canvas.mark(ellipse(x, y, *radius), colour, part, on=on)

    return feature
