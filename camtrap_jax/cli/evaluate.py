"""camtrap evaluate: writes RUN/evaluate, accuracy, calibration and predictions."""

from __future__ import annotations

from camtrap_jax.cli import flags, stage
from camtrap_jax.cli.console import TerminalConsole


def define_flags() -> None:
    """Defines the command's flags."""
    stage.define_flags()
    flags.define_export_formats(default=())


def main() -> None:
    """Runs the stage unless its results are up to date, and exports the predictions."""
    from camtrap_jax.study.export import export_evaluation  # noqa: PLC0415 (flags first)

    run = stage.run_one("evaluate")
    export_evaluation(run, tuple(flags.FLAGS.format), TerminalConsole())
