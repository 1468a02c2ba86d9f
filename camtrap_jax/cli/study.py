"""camtrap study: carries out the whole study in RUN, from images to the report."""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import flags, together
from camtrap_jax.config import Config
from camtrap_jax.config_checks import validate
from camtrap_jax.study.console import Console


def define_flags() -> None:
    """Defines the command's flags."""
    flags.define_config(required=True)
    flags.define_workdir()
    flags.define_overwrite()
    flags.define_processes()
    absl_flags.DEFINE_string("source", None, "images to prepare; neither: synthetic ones")
    absl_flags.DEFINE_string("dataset", None, "a dataset that `camtrap prepare` made")


def main() -> None:
    """Runs the stages that are not up to date."""
    with together.joined("study") as console:
        _study(console)


def _study(console: Console) -> None:
    from camtrap_jax.processes import on_first  # noqa: PLC0415 (flags first, then JAX)
    from camtrap_jax.study.whole import run_study  # noqa: PLC0415

    values, config = absl_flags.FLAGS, flags.config_given()
    validate(config)
    root = Path(values.workdir)
    source = Path(values.source) if values.source else None
    dataset = Path(values.dataset) if values.dataset else None
    if values.overwrite and not (source and dataset):  # run_study refuses both
        flags.check_exists(dataset)
        on_first(lambda: _start_afresh(root, source, dataset, config))
    run = run_study(root, config, console, source=source, dataset=dataset)
    console.say(f"report: {run.root / 'report' / 'index.html'}")


def _start_afresh(root: Path, source: Path | None, dataset: Path | None, config: Config) -> None:
    from camtrap_jax.study.opening import remove_run  # noqa: PLC0415

    if config.data.format != "tfds":  # whose source is a name, not a path
        flags.check_exists(source)
    remove_run(root, keep=source or dataset)
