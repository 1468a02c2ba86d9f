"""What a camera looks at: habitats and their drawn backgrounds."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter

from camtrap_jax.synthetic.canvas import rgb
from camtrap_jax.synthetic.vegetation import ELEMENTS, tufts

SUPERSAMPLING = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Habitat:
    """Colours and plants of a place.

    Attributes:
        sky, ground, grass: Colours; top and bottom, far and near, two tones.
        hills: Colour of the hills on the horizon; empty for none.
        treeline: Colour of the woods on the horizon and their height as a fraction of the view; 0 for none.
        leaves: Colour of the foliage.
        elements: (kind, number, height as a fraction of the view, depth 0 horizon..1 front).
        water: Whether a pool lies in the middle distance.
        horizon: Its height from the top, as a fraction of the view.
    """

    sky: tuple[str, str]
    ground: tuple[str, str]
    grass: tuple[str, str]
    leaves: str
    elements: tuple[tuple[str, int, float, float], ...]
    hills: str = ""
    treeline: tuple[str, float] = ("#55633f", 0.08)
    water: bool = False
    horizon: float = 0.40


# fmt: off
HABITATS: dict[str, Habitat] = {
    "savanna": Habitat(sky=("#8fb4d6", "#dbe5e6"), ground=("#b9b183", "#9c9a62"), grass=("#a8a45e", "#c9bd7c"), leaves="#5f7037", hills="#93a6a8",
                       elements=(("acacia", 3, 0.34, 0.06), ("bush", 4, 0.10, 0.12))),
    "woodland": Habitat(sky=("#b7c9c9", "#dfe6d8"), ground=("#8d8f63", "#7c7a50"), grass=("#6f7f42", "#8f9352"), leaves="#4a6331", treeline=("#4a5a38", 0.20), horizon=0.42,
                        elements=(("broadleaf", 5, 0.55, 0.05), ("broadleaf", 2, 0.85, 0.25), ("bush", 5, 0.14, 0.15))),
    "waterhole": Habitat(sky=("#9cc0dc", "#e6ece6"), ground=("#b3a681", "#a3906a"), grass=("#8d9a58", "#a9a468"), leaves="#5a6e3a", water=True, horizon=0.36,
                         elements=(("acacia", 2, 0.30, 0.03), ("dead tree", 1, 0.36, 0.10), ("bush", 4, 0.10, 0.05))),
    "palm thicket": Habitat(sky=("#a9c7d4", "#e3eadf"), ground=("#9aa065", "#868a52"), grass=("#7e8f48", "#a3a65e"), leaves="#5f7d3c", treeline=("#5a6d42", 0.12),
                            elements=(("palm", 4, 0.50, 0.06), ("palm", 2, 0.72, 0.18), ("bush", 6, 0.14, 0.10))),
    "rocks": Habitat(sky=("#94b6d4", "#e2e4da"), ground=("#b0a588", "#a2977a"), grass=("#9a955f", "#b8ac78"), leaves="#66703f", hills="#9c9a8c", horizon=0.38,
                     elements=(("rock", 6, 0.14, 0.08), ("rock", 2, 0.22, 0.18), ("acacia", 1, 0.34, 0.05), ("bush", 2, 0.10, 0.2))),
    "floodplain": Habitat(sky=("#86b0d8", "#e4ecec"), ground=("#a3ad6c", "#86964f"), grass=("#8aa04e", "#a9b568"), leaves="#62783f", hills="#8ba0ad", treeline=("#6c7c58", 0.04), horizon=0.33,
                          elements=(("palm", 2, 0.22, 0.02), ("bush", 3, 0.06, 0.04))),
    "fever trees": Habitat(sky=("#b2c8c4", "#e8e9d4"), ground=("#a7a06c", "#96905a"), grass=("#94984f", "#b4ad66"), leaves="#8a9440", treeline=("#77804a", 0.16), horizon=0.40,
                           elements=(("acacia", 5, 0.52, 0.06), ("bush", 3, 0.11, 0.18))),
    "dry bed": Habitat(sky=("#a7bfd0", "#e9e2cf"), ground=("#c4b391", "#bba67e"), grass=("#a39a66", "#bdb07c"), leaves="#6b7340", treeline=("#6d6f48", 0.12), horizon=0.38,
                       elements=(("dead tree", 2, 0.42, 0.07), ("rock", 3, 0.10, 0.15), ("bush", 5, 0.13, 0.06))),
}
# fmt: on


def paint_background(habitat: Habitat, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """Draws a view without animals.

    Args:
        habitat: What grows there.
        size: (width, height) of the view in px.
        rng: The place: the same seed is the same view.
    """
    width, height = (side * SUPERSAMPLING for side in size)
    horizon = int(height * (habitat.horizon + rng.uniform(-0.03, 0.03)))
    image = Image.fromarray(_sky_and_ground(habitat, width, height, horizon, rng))
    draw = ImageDraw.Draw(image)
    _skyline(draw, habitat, width, height, horizon, rng)
    if habitat.water:
        _pool(image, width, height, horizon, rng)
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
        ELEMENTS[kind](draw, rng, rng.uniform(-0.05, 1.05) * width, y, tall * height, tuple(leaves * rng.uniform(0.85, 1.15)))
    _meadow(draw, habitat, width, height, horizon, rng)
    # Depth of field: the camera is focused on the path in front.
    return image.filter(ImageFilter.GaussianBlur(0.9)).resize(size, Image.Resampling.BOX)


def paint_foreground(habitat: Habitat, size: tuple[int, int], rng: np.random.Generator) -> Image.Image:
    """Grass right before the lens: RGBA, mostly empty, along the lower edge."""
    width, height = (side * SUPERSAMPLING for side in size)
    image = Image.new("RGBA", (width, height), (0, 0, 0, 0))
    colours = np.stack([rgb(colour) for colour in habitat.grass]) * 235
    clumps = rng.uniform(0, width, 7)
    x = np.concatenate([rng.normal(clump, 0.05 * width, 16) for clump in clumps])
    roots = np.stack([x, np.full(len(x), height + 4.0)], 1)
    tufts(ImageDraw.Draw(image), rng, roots, height * rng.uniform(0.05, 0.15, len(x)), colours)
    return image.resize(size, Image.Resampling.BOX)


def _sky_and_ground(habitat: Habitat, width: int, height: int, horizon: int, rng: np.random.Generator) -> np.ndarray:
    picture = np.empty((height, width, 3), np.float32)
    mix = np.linspace(0, 1, horizon)[:, None, None]
    clouds = gaussian_filter(rng.standard_normal((horizon, width)), (9, 34))
    clouds = np.clip(clouds / clouds.std() - 0.3, 0, 2.5)[..., None] * 0.05
    picture[:horizon] = rgb(habitat.sky[0]) * (1 - mix) + rgb(habitat.sky[1]) * mix + clouds
    # Perspective: a row `below` the horizon shows the ground at distance 1 / below.
    below = np.arange(1, height - horizon + 1) / (height - horizon)
    distance = 1 / (below + 0.06)
    noise = rng.standard_normal((256, 256))
    tile = sum(gaussian_filter(noise, sigma, mode="wrap") * sigma * weight for sigma, weight in ((1.2, 0.5), (4, 0.8), (14, 0.9)))
    across = (np.arange(width) - width / 2)[None] * distance[:, None] * 60 / width
    u, v = across.astype(int) % 256, (distance[:, None] * 40).astype(int) % 256
    near = below[:, None, None] ** 0.7
    ground = rgb(habitat.ground[0]) * (1 - near) + rgb(habitat.ground[1]) * near
    picture[horizon:] = ground * (1 + 0.13 * (tile / tile.std())[v, u][..., None])
    return (np.clip(picture, 0, 1) * 255).astype(np.uint8)


def _skyline(draw, habitat: Habitat, width: int, height: int, horizon: int, rng: np.random.Generator) -> None:
    if habitat.hills:
        x = np.linspace(0, width, 60)
        bumps = gaussian_filter(rng.standard_normal(60), 6)
        y = horizon - height * (0.05 + 0.05 * bumps / bumps.std()).clip(0.005, 0.16)
        draw.polygon([(0, horizon), *zip(x, y, strict=True), (width, horizon)], fill=tuple(int(c * 255) for c in rgb(habitat.hills)))
    colour, tall = habitat.treeline
    for k in range(int(260 * min(tall * 8, 1))):
        lit = rng.uniform(0.8, 1.15) * (1.12 - 0.25 * k / 260)
        radius = height * tall * rng.uniform(0.25, 0.6)
        x, y = rng.uniform(0, width), horizon - radius * rng.uniform(0.1, 1.1)
        draw.ellipse((x - radius, y - radius * 0.7, x + radius, y + radius * 0.8), fill=tuple(int(np.clip(c * 255 * lit, 0, 255)) for c in rgb(colour)))


def _pool(image: Image.Image, width: int, height: int, horizon: int, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(image)
    centre, top = width * rng.uniform(0.3, 0.7), horizon + 0.05 * height
    for shrink, colour in ((1.0, (126, 112, 84)), (0.96, (142, 158, 160)), (0.85, (160, 182, 190))):
        draw.ellipse((centre - 0.44 * width * shrink, top + 0.07 * height * (1 - shrink), centre + 0.44 * width * shrink, top + 0.14 * height * (0.5 + 0.5 * shrink)), fill=colour)
    for _ in range(40):
        x, y = centre + rng.uniform(-0.34, 0.34) * width, top + rng.uniform(0.03, 0.10) * height
        draw.line((x, y, x + rng.uniform(8, 30), y), fill=(188, 204, 206), width=1)


def _meadow(draw, habitat: Habitat, width: int, height: int, horizon: int, rng: np.random.Generator) -> None:
    """Tufts from the horizon forwards, larger when nearer; a trodden path stays free in the middle."""
    count = 420
    nearest = 0.45 if habitat.water else 0.10
    depth = np.sort(nearest + (1 - nearest) * rng.uniform(0, 1, count) ** 1.2)
    x = rng.uniform(0, width, count)
    trodden = (np.abs(depth - 0.72) < 0.16) & (rng.uniform(0, 1, count) < 0.75)
    roots = np.stack([x, horizon + depth * (height - horizon)], 1)[~trodden]
    colours = np.stack([rgb(colour) for colour in habitat.grass]) * 255
    tufts(draw, rng, roots, height * (0.015 + 0.055 * depth[~trodden]), colours)
