"""Which species the network learns, and which images it learns them from."""

from camtrap_jax.data.splits.at_random import random_split, split_sizes
from camtrap_jax.data.splits.methods import split_images
from camtrap_jax.data.splits.species import choose_species
from camtrap_jax.data.splits.split import FRACTIONS, SPLITS, Split

__all__ = [
    "FRACTIONS",
    "SPLITS",
    "Split",
    "choose_species",
    "random_split",
    "split_images",
    "split_sizes",
]
