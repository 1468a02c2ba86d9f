"""camtrap quality: measures how far each method's maps can be trusted."""

from __future__ import annotations

from camtrap_jax.cli import stage


def define_flags() -> None:
    """Defines the command's flags."""
    stage.define_flags()


def main() -> None:
    """Runs the stage unless its results are up to date."""
    stage.run_one("quality")
