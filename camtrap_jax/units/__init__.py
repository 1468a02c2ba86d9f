"""Which units of the last convolutional layer carry each species, and what they respond to."""

from camtrap_jax.units.information import (
    corrected_information,
    information_sign,
    mutual_information,
)
from camtrap_jax.units.patches import camera_purity, hottest_images, patch_origin
from camtrap_jax.units.permutation import permutation_p_values
from camtrap_jax.units.ranking import top_units

__all__ = [
    "camera_purity",
    "corrected_information",
    "hottest_images",
    "information_sign",
    "mutual_information",
    "patch_origin",
    "permutation_p_values",
    "top_units",
]
