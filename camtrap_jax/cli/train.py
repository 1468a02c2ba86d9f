"""camtrap train: trains a network on a dataset into RUN."""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import flags, together
from camtrap_jax.config_checks import validate
from camtrap_jax.study.console import Console


def define_flags() -> None:
    """Defines the command's flags."""
    flags.define_config(required=True)
    flags.define_workdir()
    flags.define_overwrite()
    flags.define_processes()
    absl_flags.DEFINE_string("dataset", None, "what `camtrap prepare` made", required=True)


def main() -> None:
    """Trains, or goes on from the newest checkpoint."""
    with together.joined("train") as console:
        _train(console)


def _train(console: Console) -> None:
    from camtrap_jax.processes import on_first  # noqa: PLC0415 (flags first, then JAX)
    from camtrap_jax.run_folder import DatasetFolder  # noqa: PLC0415
    from camtrap_jax.study.opening import open_run, remove_run  # noqa: PLC0415
    from camtrap_jax.study.stages import run_stage  # noqa: PLC0415

    values, config = absl_flags.FLAGS, flags.config_given()
    root, dataset = Path(values.workdir), Path(values.dataset)
    validate(config)
    if values.overwrite:
        flags.check_exists(dataset)
        on_first(lambda: remove_run(root, keep=dataset))
    run = open_run(root, DatasetFolder(dataset), config)
    run_stage("train", run, config, console)
