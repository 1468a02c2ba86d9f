"""The demonstration: the paper's study on synthetic images, on a laptop.

Command: camtrap study --config=configs/demo.py --workdir=runs/demo
"""

from camtrap_jax.config import Config


def get_config() -> Config:
    """Returns the settings."""
    config = Config()
    config.synthetic.images_per_species = 150
    config.data.short_side = 128
    config.model.width = 0.25
    config.model.image_size = 96
    config.train.epochs = 16
    config.train.batch_size = 64
    config.train.learning_rate = 0.02
    config.train.head_learning_rate = 0.02
    config.train.schedule = "cosine"
    config.train.warmup_fraction = 0.05
    config.train.gradient_clip = 1.0
    config.train.min_crop_area = 0.5
    config.explain.gallery_per_species = 30
    return config
