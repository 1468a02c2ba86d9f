"""camtrap weights: takes weights from other programs, and gives them to others.

  --import=FILE --output=OUT         a file for --config.model.init_from
  --workdir=RUN --export=FILE        a run's network for PyTorch and others
  --workdir=RUN --export=X.camtrap   all that `camtrap predict` needs of a run, in one file
  --import=FILE --export=FILE        from one format to another

Formats are .pth, .safetensors and .npz, under torchvision's names.
"""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import flags
from camtrap_jax.cli.console import TerminalConsole
from camtrap_jax.run_folder import RunFolder


def define_flags() -> None:
    """Defines the command's flags."""
    absl_flags.DEFINE_string("import", None, "file of weights, of any of the formats")
    absl_flags.DEFINE_string("workdir", None, "the run folder whose network is exported")
    absl_flags.DEFINE_string("output", None, "file to write for this program")
    absl_flags.DEFINE_string("export", None, "file to write for other programs")
    flags.define_overwrite()
    for names in (("import", "workdir"), ("output", "export")):
        absl_flags.mark_flags_as_mutual_exclusive(names, required=True)


def main() -> None:
    """Converts the weights, or does nothing where that is done already."""
    from camtrap_jax.models.conversion import convert_weights  # noqa: PLC0415 (flags first)
    from camtrap_jax.study.classifier import classifier_of_run  # noqa: PLC0415
    from camtrap_jax.study.classifier_file import SUFFIX, save_classifier  # noqa: PLC0415

    values = absl_flags.FLAGS
    given, console = values["import"].value, TerminalConsole()
    target = Path(values.output or values.export)
    if target.suffix == SUFFIX:
        if given or values.output:
            raise ValueError(f"{target}: is written with --workdir=RUN --export={target}")
        save_classifier(
            target, classifier_of_run(RunFolder(Path(values.workdir))), overwrite=values.overwrite
        )
        console.say(f"weights: all that `camtrap predict` needs: {target}")
        return
    source = Path(given) if given else RunFolder(Path(values.workdir)).weights
    found = convert_weights(source, target, overwrite=values.overwrite)
    console.say(f"weights: {found}: {target}")
