"""camtrap units: writes RUN/units, mutual information and patches."""

from __future__ import annotations

from camtrap_jax.cli import stage


def define_flags() -> None:
    """Defines the command's flags."""
    stage.define_flags()


def main() -> None:
    """Runs the stage unless its results are up to date."""
    stage.run_one("units")
