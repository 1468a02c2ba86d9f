"""Predictions in the files that other camera-trap programs read: tables in, files out."""

from camtrap_jax.export.camtrap_dp import write_camtrap_dp
from camtrap_jax.export.megadetector import (
    classified_entries,
    whole_image_entries,
    write_megadetector,
)
from camtrap_jax.export.origin import Origin

__all__ = [
    "FORMATS",
    "Origin",
    "classified_entries",
    "whole_image_entries",
    "write_camtrap_dp",
    "write_megadetector",
]

FORMATS = ("megadetector", "camtrap_dp")
