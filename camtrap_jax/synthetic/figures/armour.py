"""Quills and scales."""

import numpy as np

from camtrap_jax.synthetic.figures.canvas import Canvas
from camtrap_jax.synthetic.figures.quadruped import Figure
from camtrap_jax.synthetic.figures.shapes import along, place, strands


def quills(*, rows: int, count: int):
    """A porcupine's quills: black with white bands, longest over the rump, the hindmost first."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        rng = figure.rng
        for row in range(rows):
            u = np.linspace(-0.04, 0.80, count) + rng.uniform(-0.03, 0.03, count)
            v = 0.62 - 0.1 * row + rng.uniform(-0.06, 0.06, count)
            roots = np.array([figure.at(a, max(b, 0.03)) for a, b in zip(u, v, strict=True)])
            lift = np.clip(0.25 + 0.75 * u + 0.05 * row, 0, 1)
            angles = 172 + 62 * lift + rng.uniform(-9, 9, count)
            lengths = (
                (46 - 16 * np.abs(u - 0.25)) * rng.uniform(0.8, 1.1, count) * (0.55 + 0.075 * row)
            )
            canvas.paint(
                strands(roots, angles, lengths, width=1.7), "#1c1816", "quills", bulge=0.7, fur=0.02
            )
            canvas.mark(
                _segments(roots, angles, lengths, 0.30, 0.55), "#f5efe2", "quills", on=("quills",)
            )
            canvas.mark(
                _segments(roots, angles, lengths, 0.74, 1.0), "#f5efe2", "quills", on=("quills",)
            )

    return feature


def _segments(roots, angles, lengths, start: float, stop: float):
    """Quads over the quills between two fractions of their length."""
    heading = np.stack([np.cos(np.deg2rad(angles)), np.sin(np.deg2rad(angles))], 1)
    side = heading[:, ::-1] * (-1, 1) * 1.2
    near, far = (roots + heading * lengths[:, None] * t for t in (start, stop))
    return list(np.stack([near - side, far - side, far + side, near + side], 1))


def scales(colour: str, *, rows: int):
    """Overlapping scales on back, flanks, neck and tail, each row over the one behind it."""

    def feature(canvas: Canvas, figure: Figure) -> None:
        tail = [
            figure.at(0.0, 0.5) + np.array([-x, y])
            for x, y in ((56, 21), (38, 22), (18, 11), (2, 0))
        ]
        points, _ = along(np.array(tail), np.linspace(0.02, 0.98, 13))
        for k, (x, y) in enumerate(points):
            width = 3 + 9.5 * k / len(points)
            middle = min(y, 148 - width)
            for parity in (0, 1):
                offsets = np.linspace(-width, width, 5)[parity::2]
                _row(canvas, [(x + 2, middle + offset) for offset in offsets], 4.6, 172, colour)
        for u in np.linspace(-0.02, 1.12, 15):
            for parity in (0, 1):
                downs = np.linspace(0.02, 0.86, rows)[parity::2] + (0.03 if parity else 0)
                _row(canvas, [figure.at(u, v) for v in downs], 6.4, 158, colour)
        for t in np.linspace(0.45, 1.0, 3):
            centre = along(figure.neck, [t])[0][0]
            _row(canvas, [centre + np.array([0, dy]) for dy in (-6, -1, 4)], 4.6, 165, colour)

    return feature


def _row(canvas: Canvas, centres, size: float, angle: float, colour: str) -> None:
    leaf = (
        np.array(
            [
                (-0.6, -0.7),
                (0.1, -0.8),
                (0.8, -0.45),
                (1.25, 0),
                (0.8, 0.45),
                (0.1, 0.8),
                (-0.6, 0.7),
            ]
        )
        * size
    )
    canvas.paint(
        [place(leaf, centre, angle=angle) for centre in centres],
        (colour, "#6b4c2b"),
        "scales",
        bulge=1.6,
        fur=0.04,
    )
