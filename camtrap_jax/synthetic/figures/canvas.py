"""Painting shapes so that they look like bodies with fur, and which part every pixel shows.

Paint (`Canvas.paint`) has relief: the mask is inflated and lit from above. Marks (`Canvas.mark`)
change colour and part, not relief, so a stripe follows the body under it.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from camtrap_jax.synthetic.figures.shapes import Shape
from camtrap_jax.synthetic.parts import PART_ID

WIDTH, HEIGHT, GROUND = 220.0, 165.0, 150.0
"""Size of the drawing and the line of the ground, in drawing units (a torso is about 80 long)."""

HEADROOM = 26.0
"""Units above the drawing, for the longest horns."""


@dataclass(slots=True)
class Sprite:
    """One drawn animal, facing right.

    Attributes:
        image: RGBA picture.
        parts: uint8 [height, width], index into the part names, 0 outside the animal.
    """

    image: Image.Image
    parts: np.ndarray


def rgb(colour: str) -> np.ndarray:
    """'#a1b2c3' as float [3] in 0..1."""
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)], np.float32) / 255


@lru_cache(maxsize=8)
def _fur(side: int, lying: bool) -> np.ndarray:
    """Short hairs, horizontal or hanging, mean 0; the same for every animal, shifted when used."""
    noise = np.random.default_rng(5).standard_normal((side, side)).astype(np.float32)
    hairs = gaussian_filter(noise, (0.8, 3.5) if lying else (3.5, 0.8), mode="wrap")
    blotches = gaussian_filter(noise, 14, mode="wrap")
    return hairs / hairs.std() + 0.8 * blotches / blotches.std()


def _relief(mask: np.ndarray, sigma: float) -> np.ndarray:
    """Light on the mask inflated by `sigma` pixels: about -0.4..0.4, positive where it faces up."""
    step = max(1, int(sigma // 2.5))
    pad = int(2 * sigma)
    height = np.pad(mask, pad)[::step, ::step].astype(np.float32)
    height = gaussian_filter(height, sigma / step, truncate=3)
    slope_y, slope_x = np.gradient(height)
    light = np.asarray((0.92 * slope_y - 0.3 * slope_x) * (sigma / step), np.float32)
    rows, columns = light.shape
    full = Image.fromarray(light).resize((columns * step, rows * step), Image.Resampling.BILINEAR)
    return np.asarray(full)[pad : pad + mask.shape[0], pad : pad + mask.shape[1]]


class Canvas:
    """Albedo, shade and part of every pixel of one drawing."""

    def __init__(self, width_px: int, rng: np.random.Generator) -> None:
        """An empty drawing, `width_px` wide; `rng` shifts the texture of the fur."""
        self.scale = width_px / WIDTH
        size = (round((HEIGHT + HEADROOM) * self.scale), width_px)
        self.albedo = np.zeros((*size, 3), np.float32)
        self.shade = np.ones(size, np.float32)
        self.part = np.zeros(size, np.uint8)
        self.rng = rng

    def region(self, shape: Shape) -> tuple[tuple[slice, slice], np.ndarray]:
        """The window that holds the shape, and its mask in there; empty outside the drawing."""
        shape = [(polygon + np.array([0, HEADROOM])) * self.scale for polygon in shape]
        corners = np.concatenate(shape)
        height, width = self.part.shape
        left, top = np.clip(np.floor(corners.min(0)).astype(int) - 1, 0, (width, height))
        right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + 2, 0, (width, height))
        image = Image.new("L", (max(right - left, 1), max(bottom - top, 1)))
        draw = ImageDraw.Draw(image)
        for polygon in shape:
            draw.polygon((polygon - (left, top)).ravel().tolist(), fill=1)
        mask = np.asarray(image, bool)[: bottom - top, : right - left]
        return (slice(top, bottom), slice(left, right)), mask

    def paint(
        self,
        shape: Shape,
        colour,
        part: str,
        *,
        bulge: float = 5,
        fur: float = 0.06,
        dim: float = 1.0,
        fuse: bool = False,
    ) -> None:
        """Cover with a lit body.

        Args:
            shape: What to cover.
            colour: '#rrggbb', or two of them for top and bottom.
            part: Name of the part.
            bulge: Rounding at the edges in drawing units; a third of the thickness looks round.
            fur: Strength of the hair texture, 0..0.2.
            dim: Factor on the light, below 1 for legs on the far side.
            fuse: Let a limb grow out of the torso: deep inside, the torso's colour remains.
        """
        window, mask = self.region(shape)
        if not mask.any():
            return
        light = 1 + 1.05 * _relief(mask, max(bulge * self.scale, 1.0))
        rim = gaussian_filter(mask[::2, ::2].astype(np.float32), 0.55 * self.scale)
        rim = np.repeat(np.repeat(rim, 2, 0), 2, 1)[: mask.shape[0], : mask.shape[1]]
        rim = np.clip((rim - 0.5) * 2.4, 0, 1)
        grown = self._depth(window) if fuse else np.float32(0)
        light *= 0.45 + 0.55 * (rim + (1 - rim) * grown)
        light += fur * self._hairs(mask.shape)
        cover = (1 - np.broadcast_to(grown, mask.shape))[mask]
        old = self.shade[window][mask]
        # A trace of the limb's own relief stays, as the muscle under the skin.
        self.shade[window][mask] = old + ((light * dim)[mask] - old) * np.maximum(cover, 0.4)
        old = self.albedo[window][mask]
        self.albedo[window][mask] = old + (self._colour(colour, mask)[mask] - old) * cover[:, None]
        self.part[window][mask] = np.where(cover > 0.5, PART_ID[part], self.part[window][mask])

    def mark(
        self, shape: Shape, colour, part: str | None, *, on: tuple[str, ...], strength: float = 1.0
    ) -> None:
        """Recolour what the shape covers of the parts `on`; `part=None` keeps their names."""
        window, mask = self.region(shape)
        mask = mask & np.isin(self.part[window], [PART_ID[name] for name in on])
        if not mask.any():
            return
        old = self.albedo[window][mask]
        self.albedo[window][mask] = old + (self._colour(colour, mask)[mask] - old) * strength
        if part is not None:
            self.part[window][mask] = PART_ID[part]

    def _depth(self, window: tuple[slice, slice]) -> np.ndarray:
        """How deep inside torso, neck and head: 0 outside and at their edge, 1 well inside."""
        torso = np.isin(
            self.part[window], [PART_ID[name] for name in ("body", "neck", "head")]
        ).astype(np.float32)
        depth = np.repeat(
            np.repeat(gaussian_filter(torso[::4, ::4], self.scale, mode="nearest"), 4, 0), 4, 1
        )
        return np.clip((depth[: torso.shape[0], : torso.shape[1]] - 0.5) / 0.45, 0, 1) * torso

    def _hairs(self, size: tuple[int, int]) -> np.ndarray:
        texture = _fur(max(self.part.shape), size[1] > 0.8 * size[0])
        top = self.rng.integers(texture.shape[0] - size[0] + 1)
        left = self.rng.integers(texture.shape[1] - size[1] + 1)
        return texture[top : top + size[0], left : left + size[1]]

    def _colour(self, colour, mask: np.ndarray) -> np.ndarray:
        if isinstance(colour, str):
            return np.broadcast_to(rgb(colour), (*mask.shape, 3))
        mix = np.linspace(-0.1, 1.1, mask.shape[0], dtype=np.float32).clip(0, 1)[:, None, None]
        mix = mix * mix * (3 - 2 * mix)
        return np.broadcast_to(rgb(colour[0]) * (1 - mix) + rgb(colour[1]) * mix, (*mask.shape, 3))

    def finish(self, *, tint: np.ndarray) -> Sprite:
        """Light the drawing, halve it (which smooths the edges), trim it.

        Args:
            tint: Factors on red, green, blue of this individual.
        """
        rows, columns = (
            np.flatnonzero((self.part > 0).any(1)),
            np.flatnonzero((self.part > 0).any(0)),
        )
        # Even margins, so that halving meets whole pairs of pixels.
        top, left = (max(side[0] // 2 * 2 - 2, 0) for side in (rows, columns))
        bottom, right = rows[-1] + 3, columns[-1] + 3
        window = (
            slice(top, top + (bottom - top) // 2 * 2),
            slice(left, left + (right - left) // 2 * 2),
        )
        part = self.part[window]
        rgba = np.empty((*part.shape, 4), np.uint8)
        rgba[..., :3] = np.clip(
            self.albedo[window] * (self.shade[window][..., None] * (tint * 255)), 5, 255
        )
        rgba[..., 3] = (part > 0) * 255
        image = Image.fromarray(rgba)
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)
        parts = part[::2, ::2]
        solid = np.asarray(image.getchannel("A")) > 40
        rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        return Sprite(image.crop(box), parts[box[1] : box[3], box[0] : box[2]].copy())
