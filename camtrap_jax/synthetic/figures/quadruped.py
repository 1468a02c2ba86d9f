"""A four-legged body from a few proportions: torso, neck, legs, each over what it covers."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from camtrap_jax.synthetic.figures.canvas import GROUND, Canvas
from camtrap_jax.synthetic.figures.heads import Head, draw_head
from camtrap_jax.synthetic.figures.profiles import PROFILES
from camtrap_jax.synthetic.figures.shapes import Shape, blob, ellipse, place, spline, tube


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """Proportions and colours of a species in drawing units; a torso is about 80 long.

    Attributes:
        length: Rump to chest.
        height: Ground to shoulder.
        profile: Key of `PROFILES`.
        neck: (length, angle above horizontal in degrees, radius at the chest, radius at the head).
        leg: Radius of the shank; the thigh follows.
        foot: 'hoof', 'paw', 'hand' or 'column'.
        thigh: Radius of the thigh as a multiple of the shank's.
        coat: Colour of the torso, or (back, belly).
        limbs: Colour of the legs, or (top, bottom).
        nape: Colour of the neck; empty takes the torso's back.
        hoof: Colour of the feet.
        shift: Moves the torso, to make room for a long tail.
        head: See `Head`.
        behind, over, front: What is drawn before the torso, on torso and legs, after the head.
    """

    length: float
    height: float
    profile: str
    neck: tuple[float, float, float, float]
    leg: float
    coat: str | tuple[str, str]
    limbs: str | tuple[str, str]
    head: Head
    foot: str = "hoof"
    thigh: float = 3.0
    nape: str = ""
    hoof: str = "#241d18"
    fur: float = 0.06
    shift: float = 0.0
    behind: tuple[Callable, ...] = ()
    over: tuple[Callable, ...] = ()
    front: tuple[Callable, ...] = ()


@dataclass(slots=True)
class Figure:
    """Where a body's landmarks are in one drawing.

    Attributes:
        rump_x: Left end of the torso.
        back, underside: Polylines [n, 2] from rump to chest.
        nape: Polyline [n, 2] of the neck's axis, chest to head.
        skull: Where the head begins; `head_angle` in degrees clockwise.
    """

    build: Build
    rng: np.random.Generator
    rump_x: float
    back: np.ndarray
    underside: np.ndarray
    neck: np.ndarray
    head_angle: float
    legs: list[np.ndarray] = field(default_factory=list)

    @property
    def skull(self) -> np.ndarray:
        """Point where the head begins."""
        return self.neck[-1]

    def at(self, along: float, down: float) -> np.ndarray:
        """Point on the torso: `along` 0 rump to 1 chest, `down` 0 back to 1 belly."""
        x = self.rump_x + along * self.build.length
        top = np.interp(x, self.back[:, 0], self.back[:, 1])
        bottom = np.interp(x, self.underside[:, 0], self.underside[:, 1])
        return np.array([x, top + down * (bottom - top)])

    def on_head(self, x: float, y: float) -> np.ndarray:
        """Point in the head's own frame: x 0 skull to 1 nose, y down, in head lengths."""
        return place([(x, y)], self.skull, angle=self.head_angle, scale=self.build.head.length)[0]


def pose(build: Build, rng: np.random.Generator) -> Figure:
    """Places a body on the ground with this individual's proportions and stance."""
    length = build.length * rng.uniform(0.95, 1.05)
    height = build.height * rng.uniform(0.96, 1.04)
    rump_x = 112 + build.shift - length / 2
    top, bottom = (
        np.array([(rump_x + u * length, GROUND - v * height) for u, v in line])
        for line in PROFILES[build.profile]
    )
    reach, angle, root, _ = build.neck
    angle = np.deg2rad(angle + rng.uniform(-8, 8))
    base = np.array([rump_x + 0.97 * length - 0.35 * root, top[-2, 1] + 0.75 * root])
    heading = np.array([np.cos(angle), -np.sin(angle)])
    sag = np.array([0.06, 0.10]) * reach
    neck = spline([base, base + heading * reach * 0.5 + sag, base + heading * reach], steps=6)
    outline = Figure(
        build, rng, rump_x, top, bottom[::-1], neck, build.head.angle + rng.uniform(-6, 6)
    )
    outline.back = spline(top, steps=6)
    outline.underside = spline(bottom[::-1], steps=6)
    return outline


def _leg(figure: Figure, front: bool, swing: float) -> tuple[list, list]:
    """Joints and radii of one leg whose foot is `swing` units ahead of rest."""
    build, shank = figure.build, figure.build.leg
    thigh = shank * build.thigh
    if front:
        top, elbow = figure.at(0.88, 0.55), figure.at(0.87, 0.98)
        bend = (0.3, 0.0) if build.foot != "column" else (0.1, 0.0)
        joints = [top, elbow, None, None]
        radii = [thigh * 0.9, shank * 1.75, shank * 1.1, shank * 0.82, shank * 0.95]
    else:
        top, elbow = figure.at(0.09, 0.5), figure.at(0.13, 0.95)
        bend = (-5.0, 0.0) if build.foot != "column" else (-1.0, 0.0)
        joints = [top, elbow, None, None]
        radii = [thigh, shank * 2.5, shank * 1.12, shank * 0.82, shank * 0.95]
    drop = GROUND - elbow[1]
    rest = elbow[0] + (1.5 if front else 1.0)
    joints[2] = np.array([rest + bend[0] + swing * 0.45, elbow[1] + drop * 0.46])
    joints[3] = np.array([rest + (0 if front else -2) + swing * 0.92, GROUND - shank * 1.5])
    foot = np.array([rest + (1.5 if front else 0.5) + swing, GROUND - shank * 0.5])
    return [*joints, foot], radii


def _draw_leg(canvas: Canvas, figure: Figure, front: bool, swing: float, dim: float) -> None:
    build, shank = figure.build, figure.build.leg
    joints, radii = _leg(figure, front, swing)
    if build.foot == "column":
        radii = [radii[0], shank * 1.35, shank * 1.05, shank, shank * 1.1]
    limb, bulge, near = tube(joints, radii), shank * 0.9, dim == 1
    canvas.paint(limb, build.limbs, "legs", bulge=bulge, dim=dim, fur=build.fur, fuse=near)
    for toe in _foot(build, joints[-1][0]):
        canvas.paint([toe], build.hoof, "legs", bulge=1.2, dim=dim)


def _foot(build: Build, x: float) -> Shape:
    """Hoof, toes or paw under a leg that ends at `x`."""
    shank = build.leg
    if build.foot == "hoof":
        top = GROUND - shank * 1.1
        corners = ((-1.0, top), (0.8, top), (1.7, GROUND), (-1.0, GROUND))
        return [np.array([(x + reach * shank, y) for reach, y in corners])]
    if build.foot == "column":
        toes = (-0.6, 0.1, 0.8)
        return [ellipse(x + toe * shank, GROUND - 1.2, shank * 0.36, 2)[0] for toe in toes]
    length = shank * (1.9 if build.foot == "paw" else 2.3)
    return ellipse(x + shank * 0.9, GROUND - shank * 0.7, length, shank * 0.8)


def draw_quadruped(canvas: Canvas, build: Build, rng: np.random.Generator) -> None:
    """Far legs, what hangs behind, torso, neck, near legs, marks, head, what lies in front."""
    figure = pose(build, rng)
    stride = rng.uniform(-1, 1) * (6 if build.foot == "column" else 11) * build.height / 80
    for front, sign in ((False, -1), (True, 1)):
        _draw_leg(canvas, figure, front, sign * stride + (3 if front else 4), 0.62)
    for feature in build.behind:
        feature(canvas, figure)
    outline = np.concatenate([figure.back, figure.underside[::-1]])
    canvas.paint(
        blob(outline, steps=2), build.coat, "body", bulge=build.height * 0.11, fur=build.fur
    )
    _, _, root, tip = build.neck
    nape = build.nape or (build.coat if isinstance(build.coat, str) else build.coat[0])
    canvas.paint(
        tube(figure.neck, np.linspace(root, tip, len(figure.neck)), steps=2),
        nape,
        "neck",
        bulge=tip * 0.7,
        fur=build.fur,
        fuse=True,
    )
    for front, sign in ((False, 1), (True, -1)):
        _draw_leg(canvas, figure, front, sign * stride, 1.0)
    for feature in build.over:
        feature(canvas, figure)
    draw_head(canvas, figure)
    for feature in build.front:
        feature(canvas, figure)
