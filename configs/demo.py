"""The demonstration: the paper's whole study on synthetic images, on a laptop without a GPU.

Command: camtrap study --config=configs/demo.py --workdir=runs/demo
With a narrow ResNet-50 instead: --config=configs/demo.py:resnet50
"""

from camtrap_jax.config import Config


def get_config(network: str = "vgg16") -> Config:
    """Returns the settings; `network` is what follows a colon behind the file's name."""
    config = Config()
    config.model.name = network
    config.data.short_side = 192
    config.model.width = 0.25
    config.model.image_size = 96
    config.model.dropout = 0.1
    config.train.epochs = 16
    config.train.batch_size = 32
    # BatchNorm bears, and needs, larger steps.
    config.train.learning_rate = 0.1 if network == "resnet50" else 0.03
    config.train.head_learning_rate = config.train.learning_rate
    config.train.gradient_clip = 5.0 if network == "resnet50" else 1.0
    config.train.schedule = "cosine"
    config.train.warmup_fraction = 0.05
    config.train.min_crop_area = 0.5
    config.train.color_jitter = 0.2
    config.explain.gallery_per_species = 30
    config.report.title = "The demonstration: synthetic camera traps"
    return config
