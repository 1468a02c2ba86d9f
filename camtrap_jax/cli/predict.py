"""camtrap predict: names the animals on new pictures with a trained run.

  camtrap predict --workdir=RUN --source=CARD --output=DIR

RUN is a run folder, of which `camtrap explain` is finished, or one file that
`camtrap weights --workdir=RUN --export=NAME.camtrap` wrote. How pictures are cut, scaled and named
is the run's own matter, so there is no --config.
"""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import flags
from camtrap_jax.cli.console import TerminalConsole


def define_flags() -> None:
    """Defines the command's flags."""
    absl_flags.DEFINE_string("workdir", None, "the run folder, or a .camtrap file", required=True)
    absl_flags.DEFINE_string(
        "source", None, "folder or zip of pictures, or a table of them", required=True
    )
    absl_flags.DEFINE_string("output", None, "folder to write", required=True)
    absl_flags.DEFINE_string("boxes", None, "MegaDetector results JSON of the same pictures")
    absl_flags.DEFINE_float("box_confidence", 0.2, "detections below do not count", 0, 1)
    absl_flags.DEFINE_integer("batch_size", 32, "pictures at a time", lower_bound=1)
    flags.define_export_formats(default=("megadetector",))
    flags.define_overwrite()


def main() -> None:
    """Predicts, or does nothing where that is done already."""
    from camtrap_jax.study.classifier_file import open_classifier  # noqa: PLC0415 (flags first)
    from camtrap_jax.study.new_pictures import Wanted, predict_pictures  # noqa: PLC0415

    values = absl_flags.FLAGS
    wanted = Wanted(
        formats=tuple(values.format),
        boxes=Path(values.boxes) if values.boxes else None,
        box_confidence=values.box_confidence,
        batch_size=values.batch_size,
        overwrite=values.overwrite,
    )
    predict_pictures(
        open_classifier(Path(values.workdir)),
        Path(values.source),
        Path(values.output),
        TerminalConsole(),
        wanted,
    )
