"""How a config has attribution methods set."""

from __future__ import annotations

from camtrap_jax.config import Config
from camtrap_jax.explain.checks import check_layer
from camtrap_jax.explain.methods import Settings
from camtrap_jax.models import Network

_REFERENCE_PX = 224  # of the input that sizes in the config are given for


def method_settings(config: Config) -> Settings:
    """Returns the methods' settings, with squares in proportion to the network's input."""
    settings, scale = config.explain, config.model.image_size / _REFERENCE_PX
    return Settings(
        noise_samples=settings.noise_samples,
        noise=settings.noise,
        noise_seed=settings.seed,
        path_steps=settings.path_steps,
        window_px=max(1, round(scale * settings.occlusion_px)),
        stride_px=max(1, round(scale * settings.occlusion_stride_px)),
    )


def attributed_layer(config: Config, model: Network) -> str:
    """Returns the layer whose units and class activation maps are meant.

    Raises:
      ValueError: the network has none of that name; lists those it has.
    """
    layer = config.explain.layer or model.layers[-1]
    check_layer(model.layers, layer)
    return layer
