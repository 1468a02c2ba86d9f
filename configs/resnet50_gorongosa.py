"""ResNet-50 as in Miao et al. 2019, for a data set of Gorongosa's size (111,467 images).

Command, on any number of GPUs or TPU cores of one host (several: see README):
  camtrap study --config=configs/resnet50_gorongosa.py --source=IMAGES --workdir=runs/resnet50

The paper calls it slightly better than its VGG-16 (87.5 % overall, 83.0 % mean species accuracy).
It starts from random weights, hence one learning rate throughout; with torchvision-named
.safetensors in model.init_from, lower that of the trunk to 0.001. Not measured here: the images
are not part of this project.
"""

from camtrap_jax.config import Config


def get_config() -> Config:
    """Returns the settings."""
    config = Config()
    config.model.name = "resnet50"
    config.train.batch_size = 128
    config.train.num_workers = 8
    config.explain.batch_size = 128
    config.report.title = "ResNet-50 on Gorongosa's camera traps"
    return config
