"""Smooth polygons: the outlines, tubes and hairs that figures are made of.

A polygon is a float array [points, 2] in drawing units, x to the right and y downwards. A shape is
a list of polygons whose union is painted. Animals are drawn facing right.
"""

import numpy as np

Polygon = np.ndarray
Shape = list[Polygon]


def spline(points, *, closed: bool = False, steps: int = 8) -> np.ndarray:
    """Catmull-Rom curve [samples, n] through every point [points, n], `steps` samples a piece."""
    points = np.asarray(points, float)
    if closed:
        padded = np.concatenate([points[-1:], points, points[:2]])
    else:
        padded = np.concatenate(
            [2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]]
        )
    t = np.linspace(0, 1, steps, endpoint=False)[None, :, None]
    before, start, end, after = (padded[k : len(padded) - 3 + k, None, :] for k in range(4))
    curve = 0.5 * (
        2 * start
        + (end - before) * t
        + (2 * before - 5 * start + 4 * end - after) * t**2
        + (3 * (start - end) + after - before) * t**3
    )
    curve = curve.reshape(-1, points.shape[1])
    return curve if closed else np.concatenate([curve, points[-1:]])


def blob(points, *, steps: int = 8) -> Shape:
    """One smooth closed outline."""
    return [spline(points, closed=True, steps=steps)]


def ellipse(x: float, y: float, radius_x: float, radius_y: float, *, angle: float = 0) -> Shape:
    """An ellipse turned clockwise by `angle` degrees."""
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    outline = np.stack([radius_x * np.cos(t), radius_y * np.sin(t)], 1)
    return [place(outline, (x, y), angle=angle)]


def place(points, origin, *, angle: float = 0, scale=1.0) -> np.ndarray:
    """Scale, turn clockwise by `angle` degrees (y points down), then move to `origin`."""
    points = np.asarray(points, float) * scale
    radians = np.deg2rad(angle)
    turn = np.array([[np.cos(radians), np.sin(radians)], [-np.sin(radians), np.cos(radians)]])
    return points @ turn + np.asarray(origin, float)


def tube(points, radii, *, steps: int = 7) -> Shape:
    """A limb: a smooth path with a radius at every point; the ends are round."""
    path = spline(
        np.column_stack([np.asarray(points, float), np.asarray(radii, float)]), steps=steps
    )
    centre, radius = path[:, :2], np.maximum(path[:, 2:], 0.05)
    tangent = np.gradient(centre, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    normal = tangent[:, ::-1] * (-1, 1)
    sides = np.concatenate([centre + normal * radius, (centre - normal * radius)[::-1]])
    circle = np.linspace(0, 2 * np.pi, 14, endpoint=False)
    circle = np.stack([np.cos(circle), np.sin(circle)], 1)
    # Discs along the path close the gaps that an offset outline leaves in tight bends.
    return [sides, *(c + circle * r for c, r in zip(centre[::2], radius[::2], strict=True))]


def along(path, fractions) -> tuple[np.ndarray, np.ndarray]:
    """Points [n, 2] and headings [n] in degrees at `fractions` of a polyline's length."""
    path = np.asarray(path, float)
    lengths = np.r_[0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))]
    at = np.asarray(fractions) * lengths[-1]
    points = np.stack([np.interp(at, lengths, path[:, k]) for k in (0, 1)], 1)
    ahead = np.stack([np.interp(at + lengths[-1] * 0.02, lengths, path[:, k]) for k in (0, 1)], 1)
    behind = np.stack([np.interp(at - lengths[-1] * 0.02, lengths, path[:, k]) for k in (0, 1)], 1)
    delta = ahead - behind
    return points, np.degrees(np.arctan2(delta[:, 1], delta[:, 0]))


def strands(roots, angles, lengths, *, width: float, bend: float = 0.0) -> Shape:
    """Tapering hairs; angles in degrees clockwise from right, the tips bent by `bend` more."""
    roots = np.asarray(roots, float)
    angles = np.broadcast_to(np.deg2rad(angles), len(roots))
    lengths = np.broadcast_to(lengths, len(roots))
    heading = np.stack([np.cos(angles), np.sin(angles)], 1)
    bent = angles + np.deg2rad(bend)
    middle = roots + heading * lengths[:, None] * 0.55
    tip = middle + np.stack([np.cos(bent), np.sin(bent)], 1) * lengths[:, None] * 0.45
    side = heading[:, ::-1] * (-1, 1) * width / 2
    outlines = np.stack(
        [roots + side, middle + side * 0.8, tip, middle - side * 0.8, roots - side], 1
    )
    return list(outlines)
