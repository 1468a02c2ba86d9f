"""VGG-16 as in Miao et al. 2019, for a data set of Gorongosa's size (111,467 images, 20 species).

Command, on any number of GPUs or TPU cores of one host (several: see README):
  camtrap study --config=configs/vgg16_gorongosa.py --source=IMAGES --workdir=runs/vgg16 \
    --config.model.init_from=vgg16_imagenet_conv.npz

The paper reports 87.5 % overall and 83.0 % mean species accuracy. Not measured here: the images are
not part of this project.
"""

from camtrap_jax.config import Config


def get_config() -> Config:
    """Returns the settings."""
    config = Config()
    config.train.batch_size = 128
    config.train.epochs = 30
    config.train.learning_rate = 0.001
    config.train.head_learning_rate = 0.01
    config.train.num_workers = 8
    config.explain.batch_size = 128
    config.report.title = "VGG-16 on Gorongosa's camera traps"
    return config
