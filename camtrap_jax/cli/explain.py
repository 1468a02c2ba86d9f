"""camtrap explain: writes RUN/explain, responses, features and maps of every image."""

from __future__ import annotations

from camtrap_jax.cli import flags, stage, together
from camtrap_jax.config import Config


def define_flags() -> None:
    """Defines the command's flags."""
    stage.define_flags()
    flags.define_processes()
    flags.flags.DEFINE_list("maps", None, "which maps to store; default: the config's")
    flags.flags.DEFINE_enum(
        "images", None, ["gallery", "all"], "whose guided maps; default: the config's"
    )


def main() -> None:
    """Runs the stage unless its results are up to date."""
    with together.joined("explain") as console:
        stage.run_one("explain", _change, console)


def _change(config: Config) -> None:
    if flags.FLAGS.maps is not None:
        config.explain.maps = tuple(flags.FLAGS.maps)
    if flags.FLAGS.images is not None:
        config.explain.images = flags.FLAGS.images
