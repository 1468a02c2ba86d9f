"""camtrap render: draws stored maps on the original pictures, at their full resolution.

camtrap render --workdir=RUN --output=DIR --maps=grad_cam --species=nyala

The run says how its maps were made, so there is no --config.
"""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import flags
from camtrap_jax.cli.console import TerminalConsole
from camtrap_jax.run_folder import RunFolder


def define_flags() -> None:
    """Defines the command's flags."""
    flags.define_workdir()
    absl_flags.DEFINE_string("output", None, "folder to write", required=True)
    absl_flags.DEFINE_list("maps", [], "which of the stored maps; default: all")
    absl_flags.DEFINE_list("species", [], "whose pictures; default: all species")
    absl_flags.DEFINE_enum(
        "images",
        "gallery",
        ["gallery", "all"],
        "those that have all maps, or also those that have only heatmaps",
    )
    absl_flags.DEFINE_bool("together", False, "a picture and its maps side by side in one file")
    flags.define_overwrite()


def main() -> None:
    """Draws, and says where."""
    from camtrap_jax.study.rendering import Choice, render_run  # noqa: PLC0415 (flags first)

    values, console = absl_flags.FLAGS, TerminalConsole()
    choice = Choice(
        maps=tuple(values.maps),
        species=tuple(values.species),
        everything=values.images == "all",
        together=values.together,
    )
    run, output = RunFolder(Path(values.workdir)), Path(values.output)
    table = render_run(run, output, choice, console, afresh=values.overwrite)
    console.say(f"render: {len(table)} pictures, {output}")
