"""Real animals on real backgrounds at 224 px, from VGG-16's ImageNet convolutions.

Give it a folder of cut-outs (RGBA files, transparent around the animal, named by species; in
subfolders `known` and `unknown`), a folder of photographs, and the convolutions as `.npz`:

  camtrap study --config=configs/cutouts.py --workdir=runs/cutouts \
    --config.synthetic.sprites=CUTOUTS --config.synthetic.backgrounds=PHOTOGRAPHS \
    --config.model.init_from=vgg16_imagenet_conv.npz
"""

from camtrap_jax.config import Config


def get_config() -> Config:
    """Returns the settings."""
    config = Config()
    config.synthetic.images_per_species = 60
    config.synthetic.image_size = 448
    config.data.short_side = 256
    config.model.dense_scale = 0.03
    config.train.frozen_stages = 5
    config.train.epochs = 4
    config.train.batch_size = 32
    config.train.head_learning_rate = 0.02
    config.train.schedule = "cosine"
    config.train.warmup_fraction = 0.05
    config.train.gradient_clip = 5.0
    config.train.min_crop_area = 0.6
    config.train.color_jitter = 0.2
    config.explain.batch_size = 16
    config.explain.gallery_per_species = 6
    config.report.title = "Synthetic frames of real cut-outs on real backgrounds"
    return config
