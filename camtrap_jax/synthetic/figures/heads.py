"""Heads in profile: skull, ears, eye, muzzle, horns."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from camtrap_jax.synthetic.figures.canvas import Canvas
from camtrap_jax.synthetic.figures.shapes import blob, ellipse, place, spline, tube
from camtrap_jax.synthetic.figures.skulls import HORNS, SKULLS

if TYPE_CHECKING:
    from camtrap_jax.synthetic.figures.quadruped import Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """A head of `length` drawing units, pointing `angle` degrees below horizontal.

    Attributes:
        skull: Key of `SKULLS`; `depth` stretches it across.
        colour: Of the face, or (forehead, jaw).
        muzzle: Colour of the nose and how much of the face it covers (0..1).
        ears: (length, width, angle above horizontal to the back in degrees) in head lengths.
        horns: Key of `HORNS` or 'spiral' or empty; `horn_length` in head lengths, `horn_width`
            in drawing units.
        hornless: Fraction without horns, where horns are not what tells the species.
        eye: Radius in drawing units.
    """

    skull: str
    length: float
    angle: float
    colour: str | tuple[str, str]
    depth: float = 1.0
    muzzle: str = "#1d1714"
    muzzle_size: float = 0.12
    ears: tuple[float, float, float] = (0.5, 0.24, 40)
    ear_colour: str = ""
    ear_inside: str = "#d8b9a4"
    horns: str = ""
    horn_length: float = 1.0
    horn_width: float = 2.6
    horn_colour: str = "#2d2723"
    hornless: float = 0.0
    eye: float = 1.3
    eye_colour: str = "#120d0a"


def draw_head(canvas: Canvas, figure: "Figure") -> None:
    """Far horn and ear, skull, muzzle, eye, near ear, near horn."""
    head = figure.build.head
    axes = _horn_axes(figure)
    _draw_ear(canvas, figure, near=False)
    if axes:
        _draw_horn(canvas, head, axes[1], 0.72)
    skull = place(
        np.array(SKULLS[head.skull]) * (1, head.depth),
        figure.skull,
        angle=figure.head_angle,
        scale=head.length,
    )
    canvas.paint(blob(skull), head.colour, "head", bulge=head.length * 0.11, fur=figure.build.fur)
    if head.muzzle_size:
        x, y = figure.on_head(1.0, 0.02 if head.skull not in ("monkey", "cat") else 0.12)
        nose = ellipse(
            x,
            y,
            head.length * head.muzzle_size,
            head.length * 0.24 * head.depth,
            angle=figure.head_angle,
        )
        canvas.mark(nose, head.muzzle, "muzzle", on=("head",))
    _draw_eye(canvas, figure)
    _draw_ear(canvas, figure, near=True)
    if axes:
        _draw_horn(canvas, head, axes[0], 1.0)
        if head.horns == "boss":
            x, y = figure.on_head(0.12, -0.24)
            canvas.paint(
                ellipse(
                    x, y, head.length * 0.30, head.length * 0.17, angle=figure.head_angle * 0.4
                ),
                head.horn_colour,
                "horns",
                bulge=3,
            )


def _draw_eye(canvas: Canvas, figure: "Figure") -> None:
    head = figure.build.head
    place_on = {
        "monkey": (0.42, -0.12),
        "cat": (0.44, -0.14),
        "dog": (0.36, -0.15),
        "elephant": (0.40, -0.10),
    }
    x, y = figure.on_head(*place_on.get(head.skull, (0.30, -0.08 * head.depth)))
    canvas.paint(ellipse(x, y, head.eye, head.eye), head.eye_colour, "eye", bulge=0.6, fur=0)
    canvas.mark(
        ellipse(x + head.eye * 0.3, y - head.eye * 0.35, head.eye * 0.3, head.eye * 0.3),
        "#f4f1e6",
        None,
        on=("eye",),
    )


def _draw_ear(canvas: Canvas, figure: "Figure", *, near: bool) -> None:
    head = figure.build.head
    length, width, angle = head.ears
    if not length:
        return
    leaf = np.array(
        [(0, -0.3), (0.3, -0.5), (0.7, -0.42), (1.0, 0.0), (0.7, 0.42), (0.3, 0.5), (0, 0.3)]
    )
    root = figure.on_head(*((0.02, -0.16 * head.depth) if near else (0.14, -0.22 * head.depth)))
    turn = (180 + angle - (0 if near else -22)) % 360
    turn += figure.head_angle * 0.4
    size = np.array([length, width]) * head.length
    colour = head.ear_colour or (head.colour if isinstance(head.colour, str) else head.colour[0])
    canvas.paint(
        blob(place(leaf * size, root, angle=turn)),
        colour,
        "ears",
        bulge=1.5,
        dim=1.0 if near else 0.75,
    )
    if near:
        inner = place(leaf * size * (0.78, 0.55) + (size[0] * 0.1, 0), root, angle=turn)
        canvas.mark(blob(inner), head.ear_inside, "ears", on=("ears",))


def _horn_axes(figure: "Figure") -> tuple[np.ndarray, np.ndarray] | None:
    """Near and far horn as polylines [n, 2]."""
    head = figure.build.head
    if not head.horns or figure.rng.random() < head.hornless:
        return None
    if head.horns == "spiral":
        t = np.linspace(0, 1, 26)[:, None]
        wave = 0.15 * np.sin(t * 2 * np.pi * 1.75) * (0.5 + t)
        shapes = [np.hstack([-0.50 * t + wave, t]), np.hstack([0.14 + 0.02 * t - wave, t])]
    else:
        shapes = [spline(axis, steps=6) for axis in HORNS[head.horns]]
    root = figure.on_head(0.14, -0.20 * head.depth)
    lean = (figure.head_angle - head.angle) * 0.8
    size = head.length * head.horn_length
    near, far = (place(shape * (1, -1), root, angle=lean, scale=size) for shape in shapes)
    return near, far


def _draw_horn(canvas: Canvas, head: Head, axis: np.ndarray, dim: float) -> None:
    t = np.linspace(0, 1, len(axis))
    radii = head.horn_width * (1 - 0.86 * t**1.3)
    canvas.paint(
        tube(axis, radii, steps=2),
        head.horn_colour,
        "horns",
        bulge=head.horn_width * 0.5,
        fur=0.02,
        dim=dim,
    )
    normal = np.gradient(axis, axis=0)[:, ::-1] * (-1, 1)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-9)
    for k in range(2, int(len(axis) * 0.7), 2):
        ring = tube(
            [axis[k] - normal[k] * radii[k], axis[k] + normal[k] * radii[k]], [0.28, 0.28], steps=2
        )
        canvas.mark(ring, "#8b7d6c", None, on=("horns",), strength=0.5)
