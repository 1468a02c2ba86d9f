"""The default settings, as a file for `--config`: what holds where none is given."""

from camtrap_jax.config import Config


def get_config() -> Config:
    """Returns the settings."""
    return Config()
