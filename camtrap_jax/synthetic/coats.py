"""Marks and hair: what is put on a body. Each maker returns a feature `(canvas, figure) -> None` for a `Build`."""

from collections.abc import Callable

import numpy as np

from camtrap_jax.synthetic.canvas import GROUND, Canvas
from camtrap_jax.synthetic.quadruped import Figure
from camtrap_jax.synthetic.shapes import along, blob, ellipse, spline, strands, tube

Feature = Callable[[Canvas, Figure], None]
COAT = ("body", "neck", "legs", "belly")


def bands(count: int, colour: str, *, width: float, span=(0.08, 0.9), down=(-0.1, 0.75), strength: float = 1.0) -> Feature:
    """Vertical stripes over the torso, tapering downwards."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        for u in np.linspace(*span, count) + figure.rng.uniform(-0.008, 0.008, count):
            lean = figure.rng.uniform(-0.01, 0.02)
            path = [figure.at(u + lean * k, v) for k, v in enumerate(np.linspace(*down, 5))]
            canvas.mark(tube(path, np.array([0.7, 1, 1, 0.8, 0.3]) * width / 2), colour, "stripes", on=COAT, strength=strength)

    return feature


def rosettes(rows: int, columns: int, colour: str, *, size: float, span=(0.0, 1.0), down=(0.08, 0.85), on=COAT) -> Feature:
    """Spots in staggered rows over torso, thighs and neck."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        shape = []
        for row, v in enumerate(np.linspace(*down, rows)):
            for u in np.linspace(*span, columns) + (row % 2) * 0.5 / columns:
                x, y = figure.at(u, v) + figure.rng.uniform(-1, 1, 2) * size * 0.35
                radius = size * figure.rng.uniform(0.8, 1.2) * (1 - 0.25 * v)
                shape += ellipse(x, y, radius * 1.25, radius, angle=figure.rng.uniform(-25, 25))
        canvas.mark(shape, colour, "spots", on=on)

    return feature


def neck_spots(colour: str, *, size: float, count: int = 9) -> Feature:
    """Spots on neck and legs."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        points, _ = along(figure.neck, figure.rng.uniform(0.1, 1, count))
        spots = [point + figure.rng.uniform(-0.7, 0.7, 2) * figure.build.neck[3] for point in points]
        for u in (0.06, 0.12, 0.85, 0.9):
            spots += [figure.at(u, v) for v in (1.05, 1.3)]
        canvas.mark([ellipse(x, y, size * 0.9, size * 0.8)[0] for x, y in spots], colour, "spots", on=COAT)

    return feature


def underside(colour: str, *, start: float = 0.72, part: str = "belly", span=(-0.05, 1.05)) -> Feature:
    """A belly of another colour, with a sharp edge."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        edge = [figure.at(u, start + 0.05 * np.sin(u * 9)) for u in np.linspace(*span, 9)]
        low = [figure.at(u, 1.3) for u in np.linspace(*span, 9)[::-1]]
        canvas.mark([np.array(edge + low)], colour, part, on=("body",))

    return feature


def rump(colour: str, *, radius: float, part: str = "rump_patch", at=(0.0, 0.35), tall: float = 1.3) -> Feature:
    """A patch under the tail."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.at(*at)
        canvas.mark(ellipse(x, y, radius, radius * tall), colour, part, on=("body", "legs"))

    return feature


def rump_ring(colour: str, *, radius: float, width: float) -> Feature:
    """The waterbuck's ring around the tail."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.at(0.12, 0.42)
        t = np.linspace(-0.15, 2 * np.pi - 0.6, 20)
        path = np.stack([x + radius * 0.95 * np.cos(t), y + radius * 1.15 * np.sin(t)], 1)
        canvas.mark(tube(path, np.full(20, width / 2), steps=2), colour, "rump_ring", on=("body", "legs", "tail"))

    return feature


def rump_streaks(colour: str, *, width: float) -> Feature:
    """The impala's black lines down the haunches, with a white field between them."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.at(0.0, 0.42)
        canvas.mark(ellipse(x - 1, y, 6, 15), "#f2e9da", "rump_patch", on=("body", "legs"))
        for u in (0.0, 0.12):
            path = [figure.at(u + 0.02, 0.05), figure.at(u + 0.035, 0.45), figure.at(u + 0.02, 0.95)]
            canvas.mark(tube(path, [width * 0.4, width * 0.5, width * 0.3]), colour, "rump_streaks", on=("body", "legs", "rump_patch"))

    return feature


def ridge(colour: str, *, length: float, span=(0.05, 0.95), part: str = "crest", lean: float = 150, count: int = 60, width: float = 2.2, neck: bool = True) -> Feature:
    """Hair standing along the back (and the nape), `lean` degrees from forwards."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        start = int(len(figure.back) * span[0])
        stop = max(start + 2, int(len(figure.back) * span[1]))
        path = figure.back[start:stop]
        if neck:
            top = figure.neck + (-0.5, -1) * np.linspace(figure.build.neck[2], figure.build.neck[3], len(figure.neck))[:, None] * 0.8
            path = np.concatenate([path, top[top[:, 0] > path[-1, 0]]]) if len(path) else top
        roots, headings = along(path, np.linspace(0, 1, count))
        angles = headings - lean + figure.rng.uniform(-14, 14, count)
        lengths = length * figure.rng.uniform(0.75, 1.15, count) * np.sin(np.linspace(0.35, np.pi - 0.35, count)) ** 0.5
        canvas.paint(strands(roots + (0, 1.5), angles, lengths, width=width, bend=-12), colour, part, bulge=1.2)

    return feature


def fringe(colour: str, *, length: float, where: str, part: str, count: int = 40, width: float = 2.2) -> Feature:
    """Hair hanging from the throat ('throat') or the belly ('belly')."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        if where == "throat":
            radii = np.linspace(figure.build.neck[2], figure.build.neck[3], len(figure.neck))[:, None]
            path = figure.neck + np.array([0.35, 0.85]) * radii
        else:
            path = figure.underside[int(0.12 * len(figure.underside)) : int(0.9 * len(figure.underside))] - (0, 1.5)
        roots, _ = along(path, np.linspace(0.02, 1, count))
        angles = 96 + figure.rng.uniform(-12, 12, count)
        canvas.paint(strands(roots, angles, length * figure.rng.uniform(0.7, 1.15, count), width=width), colour, part, bulge=1.2)

    return feature


def tail(colour: str, *, path, radii, tip: str = "", tip_size: float = 0, part: str = "tail", rings: int = 0, ring_colour: str = "#201a16", at=(0.0, 0.1)) -> Feature:
    """A tail along `path` (offsets from its root: backwards, up), with a tuft or rings."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        swing = figure.rng.uniform(0.9, 1.1, 2)
        root = figure.at(*at) + (1.5, 0)
        axis = spline([root + np.array([-x, -y]) * swing for x, y in path], steps=6)
        lowest = GROUND - 1.5 - max(radii[-1], 1)
        axis[:, 1] = np.minimum(axis[:, 1], lowest)
        thickness = np.interp(np.linspace(0, 1, len(axis)), np.linspace(0, 1, len(radii)), radii)
        canvas.paint(tube(axis, thickness, steps=2), colour, part, bulge=max(max(radii) * 0.6, 1.0), fur=0.09)
        points, headings = along(axis, (np.arange(rings) + 0.5) / max(rings, 1))
        for (x, y), heading in zip(points, headings, strict=True):
            band = ellipse(x, y, 0.26 * _length(axis) / rings, max(radii) * 2, angle=heading)
            canvas.mark(band, ring_colour, part, on=(part,))
        if tip:
            end, heading = along(axis, [0.97])
            angles = heading[0] + figure.rng.uniform(-26, 26, 16)
            canvas.paint(strands(np.repeat(end, 16, 0), angles, tip_size * figure.rng.uniform(0.7, 1.1, 16), width=tip_size * 0.28), tip, part, bulge=1.2)

    return feature


def _length(path: np.ndarray) -> float:
    return float(np.linalg.norm(np.diff(path, axis=0), axis=1).sum())


def face(colour: str, outline, *, part: str = "face_marks", on=("head",)) -> Feature:
    """A patch on the face; `outline` in head lengths (x to the nose, y down)."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        canvas.mark(blob([figure.on_head(x, y) for x, y in outline]), colour, part, on=on)

    return feature


def tusks(colour: str, *, path, radius: float, part: str = "tusks") -> Feature:
    """A tusk along `path` in head lengths (x to the nose, y down), the far one paler behind it."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        for shift, dim in ((0.09, 0.8), (0.0, 1.05)):
            axis = [figure.on_head(x + shift, y - shift * 0.5) for x, y in path]
            canvas.paint(tube(axis, np.linspace(radius, 0.3, len(axis))), colour, part, bulge=radius * 0.6, fur=0, dim=dim)

    return feature


def halo(colours: tuple[str, ...], *, radius: float, part: str = "mane", at=(0.15, 0.05), count: int = 90) -> Feature:
    """A lion's mane: rings of hair around the head, the outermost first."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.on_head(*at)
        for ring, colour in enumerate(colours):
            size = radius * (1 - 0.22 * ring)
            angles = np.linspace(0, 360, count, endpoint=False) + figure.rng.uniform(-8, 8, count)
            heading = np.deg2rad(angles)
            roots = np.stack([x + 0.45 * size * np.cos(heading), y + (0.5 + 0.12 * np.sin(heading)) * size * np.sin(heading)], 1)
            lengths = size * figure.rng.uniform(0.45, 0.7, count) * (1 + 0.25 * np.sin(heading))
            canvas.paint(ellipse(x, y, size * 0.62, size * 0.7) + strands(roots, angles, lengths, width=size * 0.13, bend=18), colour, part, bulge=2.5, fur=0.14)

    return feature


def saddle(colour: str, *, down: float = 0.45, part: str = "mantle", span=(-0.06, 1.06), on=COAT, neck: bool = True) -> Feature:
    """A back of another colour, down to the fraction `down` of the torso."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        low = [figure.at(u, down + 0.03 * np.sin(u * 11)) for u in np.linspace(*span, 10)[::-1]]
        high = [figure.at(u, -0.4) for u in np.linspace(*span, 10)]
        shape = [np.array(high + low)]
        if neck:
            upper = figure.neck + (-0.5, -1.0) * np.linspace(figure.build.neck[2], figure.build.neck[3], len(figure.neck))[:, None] * 0.9
            shape += tube(upper, np.linspace(figure.build.neck[2], figure.build.neck[3], len(upper)) * 0.75, steps=2)
        canvas.mark(shape, colour, part, on=on)

    return feature


def patch(colour: str, *, at, radius: tuple[float, float], part: str | None, on=COAT) -> Feature:
    """An ellipse on the torso."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        x, y = figure.at(*at)
        canvas.mark(ellipse(x, y, *radius), colour, part, on=on)

    return feature
