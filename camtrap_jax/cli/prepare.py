"""camtrap prepare: turns anyone's images into a dataset."""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import flags
from camtrap_jax.cli.console import TerminalConsole
from camtrap_jax.config import FORMATS, SPLITS, Config, validate


def define_flags() -> None:
    """Defines the command's flags."""
    flags.define_config()
    flags.define_overwrite()
    absl_flags.DEFINE_string("source", None, "the images", required=True)
    absl_flags.DEFINE_string("dataset", None, "folder to write", required=True)
    absl_flags.DEFINE_enum("format", None, FORMATS, "of the source; default: the config's")
    absl_flags.DEFINE_enum("split", None, SPLITS, "how images are split; default: the config's")
    absl_flags.DEFINE_integer("num_known", None, "species to train on, the most abundant ones")
    absl_flags.DEFINE_float("crop_bottom", None, "fraction of the height to cut off")


def main() -> None:
    """Prepares, or does nothing where that is done already."""
    from camtrap_jax.data.prepare import prepare_dataset  # noqa: PLC0415 (flags first, then JAX)

    values, config = absl_flags.FLAGS, flags.config_given() or Config()
    for name in ("format", "split", "num_known", "crop_bottom"):
        if values[name].value is not None:
            setattr(config.data, name, values[name].value)
    validate(config, for_training=False)
    dataset, console = Path(values.dataset), TerminalConsole()
    prepare_dataset(
        Path(values.source),
        dataset,
        config.data,
        overwrite=values.overwrite,
        on_progress=console.progress("prepare"),
    )
    console.say(f"prepare: done, {dataset}")
