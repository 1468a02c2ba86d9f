"""Trees, palms, bushes, rocks and grass, drawn into an image; all sizes in pixels of it."""

from collections.abc import Callable

import numpy as np
from PIL.ImageDraw import ImageDraw as Draw

from camtrap_jax.synthetic.figures.shapes import spline, strands, tube

Colour = tuple[float, float, float]
Point = tuple[float, float]


def _shade(colour, factor: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, max(0, int(channel * factor))) for channel in colour)
    return red, green, blue


def _foliage(draw: Draw, rng, centre, radius, colour, *, leaves: int, size: float) -> None:
    """A crown of leaf clumps, dark below and lit above."""
    angle = rng.uniform(0, 2 * np.pi, leaves)
    reach = np.sqrt(rng.uniform(0, 1, leaves))
    dx, dy = reach * np.cos(angle) * radius[0], reach * np.sin(angle) * radius[1]
    for x, y in sorted(zip(dx, dy, strict=True), key=lambda leaf: -leaf[1]):
        lit = 0.80 - 0.34 * y / radius[1] + rng.uniform(-0.14, 0.14)
        r = size * rng.uniform(0.6, 1.25)
        left, top = centre[0] + x - r * 1.3, centre[1] + y - r * 0.8
        draw.ellipse((left, top, left + r * 2.6, top + r * 1.6), fill=_shade(colour, lit))


def _limb(draw: Draw, points, radii, colour) -> None:
    for polygon in tube(points, radii):
        draw.polygon(polygon.ravel().tolist(), fill=_shade(colour, 1.0))
    lit = np.asarray(points, float) - (np.asarray(radii, float)[:, None] * (0.35, 0))
    for polygon in tube(lit, np.asarray(radii) * 0.4):
        draw.polygon(polygon.ravel().tolist(), fill=_shade(colour, 1.25))


def acacia(draw: Draw, rng, at: Point, height: float, colour: Colour) -> None:
    """A flat-crowned thorn tree."""
    x, y = at
    lean = rng.uniform(-0.1, 0.1) * height
    _limb(
        draw,
        [(x, y), (x + lean * 0.5, y - height * 0.4), (x + lean, y - height * 0.72)],
        np.array([0.05, 0.035, 0.025]) * height,
        (82, 68, 54),
    )
    for side in (-1, 1):
        _limb(
            draw,
            [
                (x + lean * 0.5, y - height * 0.42),
                (x + side * 0.2 * height, y - height * 0.66),
                (x + side * 0.36 * height, y - height * 0.76),
            ],
            np.array([0.025, 0.018, 0.01]) * height,
            (82, 68, 54),
        )
    for k in range(3):
        centre = (x + lean + rng.uniform(-0.26, 0.26) * height, y - height * (0.78 + 0.07 * k))
        _foliage(
            draw,
            rng,
            centre,
            (0.40 * height, 0.10 * height),
            colour,
            leaves=110,
            size=0.028 * height,
        )


def broadleaf(draw: Draw, rng, at: Point, height: float, colour: Colour) -> None:
    """A round-crowned tree."""
    x, y = at
    _limb(
        draw,
        [(x, y), (x + rng.uniform(-0.04, 0.04) * height, y - 0.6 * height)],
        np.array([0.06, 0.035]) * height,
        (74, 62, 50),
    )
    for _ in range(4):
        centre = (x + rng.uniform(-0.2, 0.2) * height, y - height * rng.uniform(0.55, 0.85))
        _foliage(
            draw, rng, centre, (0.26 * height, 0.2 * height), colour, leaves=120, size=0.03 * height
        )


def palm(draw: Draw, rng, at: Point, height: float, colour: Colour) -> None:
    """A fan palm."""
    x, y = at
    top = np.array([x + rng.uniform(-0.12, 0.12) * height, y - 0.72 * height])
    _limb(
        draw,
        [(x, y), ((x + top[0]) / 2 + 0.02 * height, y - 0.4 * height), top],
        np.array([0.035, 0.028, 0.03]) * height,
        (104, 90, 72),
    )
    for angle in np.linspace(-205, 25, 15) + rng.uniform(-6, 6, 15):
        turn = np.deg2rad(angle)
        droop = 0.12 * height * abs(np.cos(turn))
        reach = 0.34 * height * rng.uniform(0.85, 1.1)
        tip = top + reach * np.array([np.cos(turn), np.sin(turn)]) + (0, droop)
        middle = top + reach * 0.55 * np.array([np.cos(turn), np.sin(turn)]) - (0, droop * 0.3)
        axis = spline([top, middle, tip], steps=6)
        shade = _shade(colour, rng.uniform(0.7, 1.15))
        for blade in strands(
            np.repeat(axis[2:], 2, 0),
            np.tile([angle - 50, angle + 50], len(axis) - 2) + 30 * np.cos(turn),
            0.11 * height,
            width=0.03 * height,
        ):
            draw.polygon(blade.ravel().tolist(), fill=shade)


def dead_tree(draw: Draw, rng, at: Point, height: float, colour: Colour) -> None:
    """A bare, bleached tree."""
    x, y = at
    del colour
    bark = (150, 140, 126)
    _limb(
        draw,
        [(x, y), (x + 0.03 * height, y - 0.5 * height), (x - 0.02 * height, y - 0.95 * height)],
        np.array([0.05, 0.03, 0.008]) * height,
        bark,
    )
    for start in (0.35, 0.5, 0.65, 0.75):
        side = rng.choice((-1, 1))
        reach = rng.uniform(0.18, 0.36) * height
        root = (x + 0.02 * height, y - start * height)
        _limb(
            draw,
            [
                root,
                (x + side * reach * 0.6, root[1] - 0.4 * reach),
                (x + side * reach, root[1] - 1.0 * reach),
            ],
            np.array([0.022, 0.014, 0.005]) * height,
            bark,
        )


def bush(draw: Draw, rng, at: Point, height: float, colour: Colour) -> None:
    """A low shrub."""
    x, y = at
    for k in (-0.5, 0.45, 0):
        _foliage(
            draw,
            rng,
            (x + k * height, y - 0.40 * height),
            (0.55 * height, 0.45 * height),
            colour,
            leaves=90,
            size=0.07 * height,
        )


def rock(draw: Draw, rng, at: Point, height: float, colour: Colour) -> None:
    """A boulder: dark foot, pale top, cracks."""
    x, y = at
    del colour
    tone = np.array([128, 122, 114]) * rng.uniform(0.85, 1.1)
    bumps = rng.uniform(0.82, 1.1, 9)
    turn = np.linspace(np.pi, 2 * np.pi, 9)
    for shrink, lit in ((1.0, 0.62), (0.9, 0.85), (0.72, 1.05), (0.45, 1.2)):
        outline = np.stack(
            [np.cos(turn) * bumps * 0.8, np.sin(turn) * bumps], 1
        ) * height * shrink + (x - (1 - shrink) * 0.2 * height, y - (1 - shrink) * 0.34 * height)
        draw.polygon(spline(outline).ravel().tolist(), fill=_shade(tone, lit))


Element = Callable[[Draw, np.random.Generator, Point, float, Colour], None]
ELEMENTS: dict[str, Element] = {
    "acacia": acacia,
    "broadleaf": broadleaf,
    "palm": palm,
    "dead tree": dead_tree,
    "bush": bush,
    "rock": rock,
}


def tufts(draw: Draw, rng: np.random.Generator, roots, height, colours) -> None:
    """Grass: six blades at each root, `height` px tall (per root), of any of `colours` [n, 3]."""
    for (x, y), size in zip(roots, np.broadcast_to(height, len(roots)), strict=True):
        colour = colours[rng.integers(len(colours))] * rng.uniform(0.75, 1.15)
        spread = rng.uniform(-0.35, 0.35, 6) * size
        blades = strands(
            np.stack([x + spread, np.full(6, y)], 1),
            -90 + spread / size * 70,
            size * rng.uniform(0.5, 1.0, 6),
            width=max(size * 0.07, 1.0),
            bend=float(rng.uniform(-30, 30)),
        )
        for blade in blades:
            draw.polygon(
                blade.ravel().tolist(), fill=(*_shade(colour, rng.uniform(0.85, 1.1)), 255)
            )
