"""A study that takes seconds: a few small pictures and a narrow network."""

from pathlib import Path

import numpy as np
from PIL import Image

from camtrap_jax.config import Config

SPECIES = {"nyala": 14, "kudu": 13, "oribi": 12, "lion": 5}
CONFIG_FILE = (
    '"""The tiny study."""\n\nfrom reference.tiny_study import tiny_config as get_config\n'
)


def write_tiny_source(
    folder: Path, species: dict[str, int] | None = None, *, num_cameras: int = 2
) -> None:
    """Writes pictures as camera/species/file, each species of its own colour, all different."""
    rng = np.random.default_rng(0)
    for code, (name, count) in enumerate((species or SPECIES).items()):
        for number in range(count):
            path = folder / f"C{number % num_cameras}" / name / f"{number:03d}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = rng.integers(0, 55, (6, 8, 3), np.uint8)
            pixels[..., code % 3] += 200
            Image.fromarray(pixels).resize((48, 36)).save(path)


def tiny_config() -> Config:
    """Returns settings under which every stage has something to do, and little of it."""
    config = Config()
    config.data.num_known = 3
    config.data.short_side = 32
    config.model.width = 0.05
    config.model.image_size = 32
    config.train.epochs = 3
    config.train.batch_size = 8
    config.train.checkpoint_every_steps = 4
    config.explain.batch_size = 16
    config.explain.gallery_per_species = 1
    config.explain.gallery_mistakes = 2
    config.explain.path_steps = 2
    config.quality.methods = ("grad_cam", "guided_backprop", "integrated_gradients")
    config.quality.images = 6
    config.quality.steps = 2
    config.quality.bootstrap_rounds = 20
    config.evaluate.bootstrap_rounds = 20
    config.units.permutations = 3
    config.units.top_units = 1
    config.units.patches = 2
    config.tree.bootstrap_rounds = 5
    config.novelty.rounds = 2
    return config
