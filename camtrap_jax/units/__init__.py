"""Which units of the last convolutional layer carry each species, and what they respond to."""

from camtrap_jax.units.background import (
    Conditional,
    background_share,
    conditional_information,
    fixed_place,
    information_given,
    verdicts,
)
from camtrap_jax.units.binning import Bins, bin_of, frequency_bins, given_bins, width_bins
from camtrap_jax.units.continuous import neighbour_information
from camtrap_jax.units.counting import Counts, count_responses
from camtrap_jax.units.information import (
    corrected_information,
    corrected_of_counts,
    information_of_counts,
    information_sign,
    mutual_information,
    sign_of_counts,
)
from camtrap_jax.units.patches import hottest_images, patch_origin, purity
from camtrap_jax.units.permutation import false_discovery_rates, permutation_p_values
from camtrap_jax.units.ranking import top_units
from camtrap_jax.units.redundancy import Redundancy, unit_redundancy

__all__ = [
    "Bins",
    "Conditional",
    "Counts",
    "Redundancy",
    "background_share",
    "bin_of",
    "conditional_information",
    "corrected_information",
    "corrected_of_counts",
    "count_responses",
    "false_discovery_rates",
    "fixed_place",
    "frequency_bins",
    "given_bins",
    "hottest_images",
    "information_given",
    "information_of_counts",
    "information_sign",
    "mutual_information",
    "neighbour_information",
    "patch_origin",
    "permutation_p_values",
    "purity",
    "sign_of_counts",
    "top_units",
    "unit_redundancy",
    "verdicts",
    "width_bins",
]
