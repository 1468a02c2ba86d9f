"""camtrap synthesize: draws synthetic camera-trap images with a planted truth."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import flags
from camtrap_jax.cli.console import TerminalConsole
from camtrap_jax.config import SyntheticConfig
from camtrap_jax.config_checks import validate


def define_flags() -> None:
    """Defines the command's flags: one for each synthetic setting."""
    flags.define_config(has_defaults=True)
    flags.define_overwrite()
    absl_flags.DEFINE_string("output", None, "folder to write", required=True)
    absl_flags.DEFINE_string("sprites", None, "folder of RGBA cut-outs instead of drawings")
    absl_flags.DEFINE_string("backgrounds", None, "folder of photographs to put them on")
    for name in ("seed", "images_per_species", "image_size", "num_cameras"):
        absl_flags.DEFINE_integer(name, None, "default: the config's")


def main() -> None:
    """Draws the images, or does nothing where that is done already."""
    from camtrap_jax.synthetic.dataset import write_dataset  # noqa: PLC0415

    values, config = absl_flags.FLAGS, flags.config_given()
    for field in dataclasses.fields(SyntheticConfig):
        if values[field.name].value is not None:
            setattr(config.synthetic, field.name, values[field.name].value)
    validate(config, for_training=False)
    output, console = Path(values.output), TerminalConsole()
    write_dataset(
        output,
        config.synthetic,
        overwrite=values.overwrite,
        on_progress=console.progress("synthesize"),
    )
    console.say(f"synthesize: done, {output}")
