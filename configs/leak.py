"""A small network for `camtrap leak`, which trains three of it: what a random split flatters.

Command, on anyone's images that `camtrap prepare` made a dataset of:
  camtrap leak --config=configs/leak.py --dataset=DATASET --workdir=RUN
A study of its own, at the same size: camtrap study --config=configs/leak.py --workdir=RUN
"""

from camtrap_jax.config import Config


def get_config() -> Config:
    """Returns the settings."""
    config = Config()
    config.data.short_side = 96
    config.model.width = 0.25
    config.model.image_size = 64
    config.model.dropout = 0.1
    config.train.epochs = 15
    config.train.batch_size = 32
    config.train.learning_rate = 0.03
    config.train.head_learning_rate = 0.03
    config.train.gradient_clip = 1.0
    config.train.schedule = "cosine"
    config.train.warmup_fraction = 0.05
    config.train.min_crop_area = 0.5
    config.train.color_jitter = 0.2
    config.report.title = "A small network"
    return config
