"""What the commands of single stages have in common."""

from __future__ import annotations

from collections.abc import Callable

from camtrap_jax.cli import flags
from camtrap_jax.cli.console import TerminalConsole
from camtrap_jax.config import Config
from camtrap_jax.config_checks import validate
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.console import Console


def define_flags() -> None:
    """Defines the flags of a stage that reads an existing run."""
    flags.define_workdir()
    flags.define_config()
    flags.define_overwrite()


def run_one(
    name: str,
    change: Callable[[Config], None] | None = None,
    console: Console | None = None,
) -> RunFolder:
    """Runs a stage of the run in `--workdir`, with settings changed by `change`.

    Args:
      name: of the stage.
      change: sets what the command's own flags say.
      console: where progress is shown; by default the terminal.
    """
    # Flags come first: a mistyped one should not wait for JAX to load.
    from camtrap_jax.study.opening import open_run  # noqa: PLC0415
    from camtrap_jax.study.stages import run_stage  # noqa: PLC0415

    run, config = flags.open_existing_run()
    if change:
        change(config)
    validate(config)
    run = open_run(run.root, run.dataset, config)
    run_stage(name, run, config, console or TerminalConsole(), afresh=flags.FLAGS.overwrite)
    return run
