"""Hair that stands out of the coat: manes, crests, beards, tails; features for a `Build`."""

from collections.abc import Callable

import numpy as np

from camtrap_jax.synthetic.figures.canvas import GROUND, Canvas
from camtrap_jax.synthetic.figures.quadruped import Figure
from camtrap_jax.synthetic.figures.shapes import along, ellipse, spline, strands, tube

Feature = Callable[[Canvas, Figure], None]


def ridge(
    colour: str,
    *,
    length: float,
    span=(0.05, 0.95),
    part: str = "crest",
    lean: float = 150,
    count: int = 60,
    width: float = 2.2,
    neck: bool = True,
) -> Feature:
    """Hair standing along the back (and the nape), `lean` degrees from forwards."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        start = int(len(figure.back) * span[0])
        stop = max(start + 2, int(len(figure.back) * span[1]))
        path = figure.back[start:stop]
        if neck:
            top = (
                figure.neck
                + (-0.5, -1)
                * np.linspace(figure.build.neck[2], figure.build.neck[3], len(figure.neck))[:, None]
                * 0.8
            )
            path = np.concatenate([path, top[top[:, 0] > path[-1, 0]]]) if len(path) else top
        roots, headings = along(path, np.linspace(0, 1, count))
        angles = headings - lean + figure.rng.uniform(-14, 14, count)
        lengths = (
            length
            * figure.rng.uniform(0.75, 1.15, count)
            * np.sin(np.linspace(0.35, np.pi - 0.35, count)) ** 0.5
        )
        canvas.paint(
            strands(roots + np.array([0, 1.5]), angles, lengths, width=width, bend=-12),
            colour,
            part,
            bulge=1.2,
        )

    return feature


def fringe(
    colour: str, *, length: float, where: str, part: str, count: int = 40, width: float = 2.2
) -> Feature:
    """Hair hanging from the throat ('throat') or the belly ('belly')."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        if where == "throat":
            radii = np.linspace(figure.build.neck[2], figure.build.neck[3], len(figure.neck))[
                :, None
            ]
            path = figure.neck + np.array([0.35, 0.85]) * radii
        else:
            path = figure.underside[
                int(0.12 * len(figure.underside)) : int(0.9 * len(figure.underside))
            ] - (0, 1.5)
        roots, _ = along(path, np.linspace(0.02, 1, count))
        angles = 96 + figure.rng.uniform(-12, 12, count)
        canvas.paint(
            strands(roots, angles, length * figure.rng.uniform(0.7, 1.15, count), width=width),
            colour,
            part,
            bulge=1.2,
        )

    return feature


def tail(
    colour: str,
    *,
    path,
    radii,
    tip: str = "",
    tip_size: float = 0,
    part: str = "tail",
    rings: int = 0,
    ring_colour: str = "#201a16",
    at=(0.0, 0.1),
) -> Feature:
    """A tail along `path` (offsets from its root: backwards, up), with a tuft or rings."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        swing = figure.rng.uniform(0.9, 1.1, 2)
        root = figure.at(*at) + np.array([1.5, 0])
        axis = spline([root + np.array([-x, -y]) * swing for x, y in path], steps=6)
        lowest = GROUND - 1.5 - max(radii[-1], 1)
        axis[:, 1] = np.minimum(axis[:, 1], lowest)
        thickness = np.interp(np.linspace(0, 1, len(axis)), np.linspace(0, 1, len(radii)), radii)
        canvas.paint(
            tube(axis, thickness, steps=2), colour, part, bulge=max(max(radii) * 0.6, 1.0), fur=0.09
        )
        points, headings = along(axis, (np.arange(rings) + 0.5) / max(rings, 1))
        for (x, y), heading in zip(points, headings, strict=True):
            band = ellipse(x, y, 0.26 * _length(axis) / rings, max(radii) * 2, angle=heading)
            canvas.mark(band, ring_colour, part, on=(part,))
        if tip:
            end, heading = along(axis, [0.97])
            angles = heading[0] + figure.rng.uniform(-26, 26, 16)
            lengths = tip_size * figure.rng.uniform(0.7, 1.1, 16)
            tuft = strands(np.repeat(end, 16, 0), angles, lengths, width=tip_size * 0.28)
            canvas.paint(tuft, tip, part, bulge=1.2)

    return feature


def _length(path: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def halo(
    colours: tuple[str, ...], *, radius: float, part: str = "mane", at=(0.15, 0.05), count: int = 90
) -> Feature:
    """A lion's mane: rings of hair around the head, the outermost first."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.on_head(*at)
        for ring, colour in enumerate(colours):
            size = radius * (1 - 0.22 * ring)
            angles = np.linspace(0, 360, count, endpoint=False) + figure.rng.uniform(-8, 8, count)
            heading = np.deg2rad(angles)
            roots = np.stack(
                [
                    x + 0.5 * size * np.cos(heading),
                    y + (0.56 + 0.12 * np.sin(heading)) * size * np.sin(heading),
                ],
                1,
            )
            lengths = size * figure.rng.uniform(0.38, 0.55, count) * (1 + 0.25 * np.sin(heading))
            hair = strands(roots, angles, lengths, width=size * 0.17, bend=35)
            canvas.paint(
                ellipse(x, y, size * 0.68, size * 0.78) + hair, colour, part, bulge=3, fur=0.16
            )

    return feature


def topknot(colour: str, *, length: float, part: str = "crest") -> Feature:
    """A tuft of hair between the horns."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        roots = [figure.on_head(x, -0.16) for x in np.linspace(0.0, 0.3, 22)]
        angles = -112 + figure.rng.uniform(-22, 22, 22)
        canvas.paint(
            strands(roots, angles, length * figure.rng.uniform(0.7, 1.1, 22), width=2.2),
            colour,
            part,
            bulge=1,
        )

    return feature
