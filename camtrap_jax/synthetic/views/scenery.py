"""Backgrounds, painted from habitats."""

from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter

from camtrap_jax.synthetic.figures.canvas import rgb
from camtrap_jax.synthetic.views.habitats import Habitat
from camtrap_jax.synthetic.views.vegetation import ELEMENTS, tufts

SUPERSAMPLING = 2


class Extent(NamedTuple):
    """Size of a painting and the row of its horizon, in px."""

    width: int
    height: int
    horizon: int


def paint_background(
    habitat: Habitat, size: tuple[int, int], rng: np.random.Generator
) -> Image.Image:
    """Draws a view without animals.

    Args:
        habitat: What grows there.
        size: (width, height) of the view in px.
        rng: The place: the same seed is the same view.
    """
    width, height = (side * SUPERSAMPLING for side in size)
    horizon = int(height * (habitat.horizon + rng.uniform(-0.03, 0.03)))
    extent = Extent(width, height, horizon)
    image = Image.fromarray(_sky_and_ground(habitat, extent, rng))
    draw = ImageDraw.Draw(image)
    _skyline(draw, habitat, extent, rng)
    if habitat.water:
        _pool(image, extent, rng)
    image = image.filter(ImageFilter.GaussianBlur(1.2))
    draw = ImageDraw.Draw(image)
    leaves = rgb(habitat.leaves) * 255
    placed = [
        (min(max(depth + rng.uniform(-0.04, 0.06), 0.01), 0.4), kind, tall * rng.uniform(0.8, 1.2))
        for kind, count, tall, depth in habitat.elements
        for _ in range(count)
    ]
    for depth, kind, tall in sorted(placed):
        y = horizon + depth * (height - horizon)
        ELEMENTS[kind](
            draw,
            rng,
            (rng.uniform(-0.05, 1.05) * width, y),
            tall * height,
            tuple(leaves * rng.uniform(0.85, 1.15)),
        )
    _meadow(draw, habitat, extent, rng)
    # Depth of field: the camera is focused on the path in front.
    return image.filter(ImageFilter.GaussianBlur(0.9)).resize(size, Image.Resampling.BOX)


def paint_foreground(
    habitat: Habitat, size: tuple[int, int], rng: np.random.Generator
) -> Image.Image:
    """Grass right before the lens: RGBA, mostly empty, along the lower edge."""
    width, height = (side * SUPERSAMPLING for side in size)
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    colours = np.stack([rgb(colour) for colour in habitat.grass]) * 235
    clumps = rng.uniform(0, width, 7)
    x = np.concatenate([rng.normal(clump, 0.05 * width, 16) for clump in clumps])
    roots = np.stack([x, np.full(len(x), height + 4.0)], 1)
    tufts(ImageDraw.Draw(image), rng, roots, height * rng.uniform(0.05, 0.15, len(x)), colours)
    return image.resize(size, Image.Resampling.BOX)


def _sky_and_ground(habitat: Habitat, extent: Extent, rng: np.random.Generator) -> np.ndarray:
    width, height, horizon = extent
    picture = np.empty((height, width, 3), np.float32)
    mix = np.linspace(0, 1, horizon)[:, None, None]
    clouds = gaussian_filter(rng.standard_normal((horizon, width)), (9, 34))
    clouds = np.clip(clouds / clouds.std() - 0.3, 0, 2.5)[..., None] * 0.05
    picture[:horizon] = rgb(habitat.sky[0]) * (1 - mix) + rgb(habitat.sky[1]) * mix + clouds
    # Perspective: a row `below` the horizon shows the ground at distance 1 / below.
    below = np.arange(1, height - horizon + 1) / (height - horizon)
    distance = 1 / (below + 0.06)
    noise = rng.standard_normal((256, 256))
    octaves = [
        gaussian_filter(noise, sigma, mode="wrap") * sigma * weight
        for sigma, weight in ((1.2, 0.5), (4, 0.8), (14, 0.9))
    ]
    tile = np.sum(octaves, axis=0)
    across = (np.arange(width) - width / 2)[None] * distance[:, None] * 60 / width
    u, v = across.astype(int) % 256, (distance[:, None] * 40).astype(int) % 256
    near = below[:, None, None] ** 0.7
    ground = rgb(habitat.ground[0]) * (1 - near) + rgb(habitat.ground[1]) * near
    picture[horizon:] = ground * (1 + 0.13 * (tile / tile.std())[v, u][..., None])
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _skyline(draw, habitat: Habitat, extent: Extent, rng: np.random.Generator) -> None:
    width, height, horizon = extent
    if habitat.hills:
        x = np.linspace(0, width, 60)
        bumps = gaussian_filter(rng.standard_normal(60), 6)
        y = horizon - height * (0.05 + 0.05 * bumps / bumps.std()).clip(0.005, 0.16)
        draw.polygon(
            [(0, horizon), *zip(x, y, strict=True), (width, horizon)],
            fill=tuple(int(c * 255) for c in rgb(habitat.hills)),
        )
    colour, tall = habitat.treeline
    for k in range(int(260 * min(tall * 8, 1))):
        lit = rng.uniform(0.8, 1.15) * (1.12 - 0.25 * k / 260)
        radius = height * tall * rng.uniform(0.25, 0.6)
        x, y = rng.uniform(0, width), horizon - radius * rng.uniform(0.1, 1.1)
        draw.ellipse(
            (x - radius, y - radius * 0.7, x + radius, y + radius * 0.8),
            fill=tuple(int(np.clip(c * 255 * lit, 0, 255)) for c in rgb(colour)),
        )


def _pool(image: Image.Image, extent: Extent, rng: np.random.Generator) -> None:
    width, height, horizon = extent
    draw = ImageDraw.Draw(image)
    centre, top = width * rng.uniform(0.3, 0.7), horizon + 0.05 * height
    for shrink, colour in ((1.0, (126, 112, 84)), (0.96, (142, 158, 160)), (0.85, (160, 182, 190))):
        draw.ellipse(
            (
                centre - 0.44 * width * shrink,
                top + 0.07 * height * (1 - shrink),
                centre + 0.44 * width * shrink,
                top + 0.14 * height * (0.5 + 0.5 * shrink),
            ),
            fill=colour,
        )
    for _ in range(40):
        x, y = centre + rng.uniform(-0.34, 0.34) * width, top + rng.uniform(0.03, 0.10) * height
        draw.line((x, y, x + rng.uniform(8, 30), y), fill=(188, 204, 206), width=1)


def _meadow(draw, habitat: Habitat, extent: Extent, rng: np.random.Generator) -> None:
    """Tufts from the horizon forwards, larger when nearer; a trodden path stays free."""
    width, height, horizon = extent
    count = 420
    nearest = 0.45 if habitat.water else 0.10
    depth = np.sort(nearest + (1 - nearest) * rng.uniform(0, 1, count) ** 1.2)
    x = rng.uniform(0, width, count)
    trodden = (np.abs(depth - 0.72) < 0.16) & (rng.uniform(0, 1, count) < 0.75)
    roots = np.stack([x, horizon + depth * (height - horizon)], 1)[~trodden]
    colours = np.stack([rgb(colour) for colour in habitat.grass]) * 255
    tufts(draw, rng, roots, height * (0.015 + 0.055 * depth[~trodden]), colours)
