"""Where the animals of a burst stand, and the pictures they are taken from."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from camtrap_jax.synthetic.bursts import EMPTY, Burst
from camtrap_jax.synthetic.cutouts import read_sprite
from camtrap_jax.synthetic.figures.canvas import Sprite
from camtrap_jax.synthetic.figures.sprites import draw_sprite
from camtrap_jax.synthetic.frames import Stand
from camtrap_jax.synthetic.species import SPECIES
from camtrap_jax.synthetic.views.cameras import Place, landmark_box

_STREAM = 3_000_017


def num_variants(images_per_species: int) -> int:
    """Individuals drawn per species; frames turn, scale and mirror them."""
    return min(max(images_per_species // 5, 2), 7)


def save_sprites(
    folder: Path,
    species: str,
    paths: tuple[str, ...],
    image_size: int,
    seed: int,
    *,
    variants: int,
) -> None:
    """Draws (or reads) a species' pictures into `folder`, for all workers to share."""
    width_px = max(160, round(1.15 * image_size))
    names = list(SPECIES)
    (folder / species).mkdir()
    for variant in range(len(paths) or variants):
        if paths:
            sprite = read_sprite(paths[variant], width_px=width_px)
        else:
            rng = np.random.default_rng([seed, _STREAM, names.index(species), variant])
            sprite = draw_sprite(species, rng, width_px=width_px)
        stored = np.dstack([np.asarray(sprite.image), sprite.parts])
        np.save(folder / species / f"{variant:03d}.npy", stored)


def load_sprites(folder: Path, species: str) -> list[Sprite]:
    """What `save_sprites` wrote."""
    stored = [np.load(path) for path in sorted((folder / species).iterdir())]
    return [
        Sprite(Image.fromarray(array[..., :4].copy()), array[..., 4].copy()) for array in stored
    ]


@dataclass(slots=True)
class Stage:
    """The free part of a view, in px: an animal may stand between `left` and `right`."""

    width: int
    height: int
    left: float
    right: float


def make_stage(place: Place, size: tuple[int, int, int], image_size: int) -> Stage:
    """The whole width, or what the landmark leaves."""
    width, height, strip = size
    box = landmark_box(place, image_size)
    if not box:
        return Stage(width, height - strip, 0.0, float(width))
    if place.landmark_side < 0:
        return Stage(width, height - strip, box[0] + box[2] + 0.04 * width, float(width))
    return Stage(width, height - strip, 0.0, box[0] - 0.04 * width)


def stand_all(
    burst: Burst, sprites: dict[str, list[Sprite]], stage: Stage, rng: np.random.Generator
) -> list[Stand]:
    """Places the individuals of a burst, the farthest first."""
    if burst.species == EMPTY:
        return []
    cast = [burst.species] * burst.herd + ([burst.companion] if burst.companion else [])
    alone = len(cast) == 1
    slots = [None] if alone else (rng.permutation(len(cast)) + 0.5) / len(cast)
    stands = [
        _stand(burst, species, stage, rng, sprites=sprites[species], slot=slot)
        for species, slot in zip(cast, slots, strict=True)
    ]
    return sorted(stands, key=lambda stand: stand.feet)


def _stand(
    burst: Burst,
    species: str,
    stage: Stage,
    rng: np.random.Generator,
    *,
    sprites: list[Sprite],
    slot: float | None,
) -> Stand:
    sprite = sprites[rng.integers(len(sprites))]
    share, feet = _distance(burst, species, slot is None, rng)
    feet_px = feet * stage.height
    # No wider than the free part, no taller than 80 % of the view and than the room over the feet.
    highest = min(0.80 * stage.height, feet_px - 0.03 * stage.height)
    widest = min(share * stage.width, 0.98 * (stage.right - stage.left))
    width = min(widest, highest * sprite.image.width / sprite.image.height)
    flip = bool(rng.random() < 0.5)
    pace = rng.uniform(0.0, 0.018) * (width + 0.2 * stage.width)
    return Stand(
        species=species,
        sprite=sprite,
        width=width,
        x=_across(burst, stage, width, slot, rng),
        feet=feet_px,
        step=-pace if flip else pace,
        flip=flip,
        turn=float(rng.uniform(-3, 3)),
        gain=float(rng.uniform(0.92, 1.08)),
    )


def _distance(
    burst: Burst, species: str, alone: bool, rng: np.random.Generator
) -> tuple[float, float]:
    """Width of the animal over the frame's, and line of its feet over the view's height."""
    if burst.far:
        share = rng.uniform(0.11, 0.18)
        return share, 0.50 + 0.6 * share + rng.uniform(0, 0.04)
    if alone:
        # Small animals come close, but fill the frame less often than the large ones.
        mass = SPECIES[species].traits.size if species in SPECIES else 1.5
        share = rng.uniform(0.36, 0.62) + 0.12 * np.clip(mass / 3.5, 0, 1)
    else:
        share = rng.uniform(0.36, 0.48)
    return share, 0.70 + 0.28 * share + rng.uniform(-0.02, 0.05)


def _across(
    burst: Burst, stage: Stage, width: float, slot: float | None, rng: np.random.Generator
) -> float:
    """Middle of the animal in px; `slot` is its place in a group, 0 left to 1 right."""
    free = stage.right - stage.left
    if burst.partial:
        # Only over an edge of the frame, never over the landmark.
        edges = [edge for edge in (0.0, float(stage.width)) if edge in (stage.left, stage.right)]
        edge = edges[rng.integers(len(edges))]
        seen = rng.uniform(0.50, 0.72) * width
        return edge + (seen - width / 2) * (1 if edge == 0 else -1)
    if slot is not None:
        x = stage.left + free * np.clip(slot + rng.uniform(-0.06, 0.06), 0.15, 0.85)
        if stage.left > 0:
            x = max(x, stage.left + width / 2)
        return x if stage.right == stage.width else min(x, stage.right - width / 2)
    room = max(free - width, 0.0)
    return stage.left + width / 2 + room * rng.uniform(0.04, 0.96)
