"""Painting shapes so that they look like fur-covered bodies, with the part of every pixel kept beside its colour.

Paint (`Canvas.paint`) has relief: the mask is inflated and lit from above. Marks (`Canvas.mark`) change colour and part,
not relief, so a stripe follows the body under it.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw
from scipy.ndimage import gaussian_filter

from camtrap_jax.synthetic.parts import PART_ID
from camtrap_jax.synthetic.shapes import Shape

WIDTH, HEIGHT, GROUND = 220.0, 165.0, 150.0
"""Size of the drawing and the height of the ground in it, in drawing units (a torso is about 80 long)."""


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
def _fur(height: int, width: int) -> np.ndarray:
    """Short horizontal hairs, mean 0, deviation 1; the same for every animal, shifted when used."""
    noise = np.random.default_rng(5).standard_normal((height, width)).astype(np.float32)
    hairs = gaussian_filter(noise, (0.8, 3.5), mode="wrap")
    blotches = gaussian_filter(noise, 14, mode="wrap")
    return hairs / hairs.std() + 0.8 * blotches / blotches.std()


def _relief(mask: np.ndarray, sigma: float) -> np.ndarray:
    """Light on the mask inflated by `sigma` pixels: positive where the surface faces up, about -0.4..0.4."""
    step = max(1, int(sigma // 2.5))
    pad = int(2 * sigma)
    height = np.pad(mask, pad)[::step, ::step].astype(np.float32)
    height = gaussian_filter(height, sigma / step, truncate=3)
    slope_y, slope_x = np.gradient(height)
    light = (0.92 * slope_y - 0.3 * slope_x) * (sigma / step)
    rows, columns = light.shape
    full = Image.fromarray(light).resize((columns * step, rows * step), Image.Resampling.BILINEAR)
    return np.asarray(full)[pad : pad + mask.shape[0], pad : pad + mask.shape[1]]


class Canvas:
    """Albedo, shade and part of every pixel of one drawing."""

    def __init__(self, width_px: int, rng: np.random.Generator) -> None:
        self.scale = width_px / WIDTH
        size = (round(HEIGHT * self.scale), width_px)
        self.albedo = np.zeros((*size, 3), np.float32)
        self.shade = np.ones(size, np.float32)
        self.part = np.zeros(size, np.uint8)
        self.rng = rng

    def region(self, shape: Shape) -> tuple[tuple[slice, slice], np.ndarray]:
        """The window that holds the shape, and its mask in there; both may be empty outside the drawing."""
        corners = np.concatenate(shape) * self.scale
        height, width = self.part.shape
        left, top = np.clip(np.floor(corners.min(0)).astype(int) - 1, 0, (width, height))
        right, bottom = np.clip(np.ceil(corners.max(0)).astype(int) + 2, 0, (width, height))
        image = Image.new("L", (max(right - left, 1), max(bottom - top, 1)))
        draw = ImageDraw.Draw(image)
        for polygon in shape:
            draw.polygon((polygon * self.scale - (left, top)).ravel().tolist(), fill=1)
        mask = np.asarray(image, bool)[: bottom - top, : right - left]
        return (slice(top, bottom), slice(left, right)), mask

    def paint(self, shape: Shape, colour, part: str, *, bulge: float = 5, fur: float = 0.06, dim: float = 1.0, fuse: bool = False) -> None:
        """Cover with a lit body.

        Args:
            shape: What to cover.
            colour: '#rrggbb', or two of them for top and bottom.
            part: Name of the part.
            bulge: Rounding at the edges in drawing units; about a third of the thickness looks round.
            fur: Strength of the hair texture, 0..0.2.
            dim: Factor on the light, below 1 for legs on the far side.
            fuse: Let a limb grow out of the torso: deep inside it the torso's colour and light remain.
        """
        window, mask = self.region(shape)
        if not mask.any():
            return
        light = 1 + 1.05 * _relief(mask, max(bulge * self.scale, 1.0))
        rim = gaussian_filter(mask[::2, ::2].astype(np.float32), 0.55 * self.scale)
        rim = np.repeat(np.repeat(rim, 2, 0), 2, 1)[: mask.shape[0], : mask.shape[1]]
        light *= 0.45 + 0.55 * np.clip((rim - 0.5) * 2.4, 0, 1)
        light += fur * self._hairs(mask.shape)
        cover = self._cover(window)[mask] if fuse else np.ones(int(mask.sum()), np.float32)
        old = self.shade[window][mask]
        self.shade[window][mask] = old + ((light * dim)[mask] - old) * cover
        old = self.albedo[window][mask]
        self.albedo[window][mask] = old + (self._colour(colour, mask)[mask] - old) * cover[:, None]
        self.part[window][mask] = np.where(cover > 0.5, PART_ID[part], self.part[window][mask])

    def mark(self, shape: Shape, colour, part: str | None, *, on: tuple[str, ...], strength: float = 1.0) -> None:
        """Recolour what the shape covers of the parts `on`; `part=None` keeps the part (a colour without a name)."""
        window, mask = self.region(shape)
        mask = mask & np.isin(self.part[window], [PART_ID[name] for name in on])
        if not mask.any():
            return
        old = self.albedo[window][mask]
        self.albedo[window][mask] = old + (self._colour(colour, mask)[mask] - old) * strength
        if part is not None:
            self.part[window][mask] = PART_ID[part]

    def _cover(self, window: tuple[slice, slice]) -> np.ndarray:
        """How much of a fused limb shows: 1 outside the torso, 0 deep inside it."""
        torso = np.isin(self.part[window], [PART_ID["body"], PART_ID["neck"]]).astype(np.float32)
        depth = np.repeat(np.repeat(gaussian_filter(torso[::4, ::4], self.scale, mode="nearest"), 4, 0), 4, 1)
        depth = np.clip((depth[: torso.shape[0], : torso.shape[1]] - 0.5) / 0.45, 0, 1)
        return 1 - depth * torso

    def _hairs(self, size: tuple[int, int]) -> np.ndarray:
        texture = _fur(*self.part.shape)
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
        inside = self.part > 0
        colour = np.clip(self.albedo * self.shade[..., None] * tint, 0.02, 1)
        rgba = np.dstack([colour, inside]) * np.float32(255)
        image = Image.fromarray(rgba.astype(np.uint8))
        image = image.resize((image.width // 2, image.height // 2), Image.Resampling.BOX)
        parts = self.part[: image.height * 2 : 2, : image.width * 2 : 2]
        box = image.getchannel("A").point(lambda value: 255 * (value > 40)).getbbox()
        return Sprite(image.crop(box), parts[box[1] : box[3], box[0] : box[2]].copy())
