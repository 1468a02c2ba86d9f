"""Train VGG-16 and ResNet-50 on camera-trap images and show what the networks look at."""

__version__ = "0.2.0"
