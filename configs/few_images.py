"""A folder of a few dozen images: every stage runs, the network learns little.

For a first look at your own pictures, and for tests. Five images of a species suffice.

Command: camtrap study --config=configs/few_images.py --source=FOLDER --workdir=runs/mine
"""

from camtrap_jax.config import Config


def get_config() -> Config:
    """Returns the settings."""
    config = Config()
    config.model.width = 0.25
    config.model.image_size = 96
    config.train.epochs = 40
    config.train.batch_size = 16
    config.train.gradient_clip = 1.0
    config.train.min_crop_area = 0.5
    return config
