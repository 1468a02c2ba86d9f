"""Every stage in under a minute: to see that an installation works, not to learn anything.

Command: camtrap study --config=configs/smoke.py --workdir=runs/smoke
"""

from camtrap_jax.config import Config


def get_config() -> Config:
    """Returns the settings."""
    config = Config()
    config.synthetic.images_per_species = 12
    config.synthetic.image_size = 160
    config.synthetic.num_cameras = 4
    config.data.short_side = 64
    config.model.width = 0.125
    config.model.image_size = 64
    config.train.epochs = 2
    config.train.batch_size = 32
    config.explain.gallery_per_species = 2
    config.units.permutations = 20
    return config
