"""Strict settings for every test: four CPU devices, no silent rank promotion."""

import os

os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "") + " --xla_force_host_platform_device_count=4"
)

import jax
from absl import flags

jax.config.update("jax_numpy_rank_promotion", "raise")
# Grain's workers read absl flags, which nobody parses under pytest.
flags.FLAGS.mark_as_parsed()
