"""Camtrap DP, the exchange format for camera-trap data, versions 1.x."""

from camtrap_jax.data.sources.camtrap_dp.package import check_archive, is_camtrap_dp
from camtrap_jax.data.sources.camtrap_dp.read import read_camtrap_dp, read_package_pictures

__all__ = ["check_archive", "is_camtrap_dp", "read_camtrap_dp", "read_package_pictures"]
