"""The demonstration: the paper's whole study on synthetic images, on a laptop without a GPU.

Command: camtrap study --config=configs/demo.py --workdir=runs/demo
With a narrow ResNet-50 instead: --config.model.name=resnet50
"""

from camtrap_jax.config import Config


def get_config() -> Config:
    """Returns the settings."""
    config = Config()
    config.data.short_side = 192
    config.model.width = 0.25
    config.model.image_size = 96
    config.model.dropout = 0.1
    config.train.epochs = 12
    config.train.batch_size = 32
    config.train.learning_rate = 0.03
    config.train.head_learning_rate = 0.03
    config.train.schedule = "cosine"
    config.train.warmup_fraction = 0.05
    config.train.gradient_clip = 1.0
    config.train.min_crop_area = 0.5
    config.train.color_jitter = 0.2
    config.explain.gallery_per_species = 30
    config.report.title = "The demonstration: synthetic camera traps"
    return config
