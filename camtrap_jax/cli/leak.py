"""camtrap leak: trains the same network under three splits, to see what a random one flatters."""

from __future__ import annotations

import shutil
from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import flags
from camtrap_jax.cli.console import TerminalConsole
from camtrap_jax.config_checks import validate


def define_flags() -> None:
    """Defines the command's flags."""
    flags.define_config(required=True)
    flags.define_workdir()
    flags.define_overwrite()
    absl_flags.DEFINE_string("dataset", None, "what `camtrap prepare` made", required=True)


def main() -> None:
    """Trains and tests under each split, or goes on where that was stopped."""
    from camtrap_jax.run_folder import DatasetFolder  # noqa: PLC0415 (flags first, then JAX)
    from camtrap_jax.study.leak import measure_leak  # noqa: PLC0415

    values, config = absl_flags.FLAGS, flags.config_given()
    validate(config)
    root, dataset = Path(values.workdir), DatasetFolder(Path(values.dataset))
    if values.overwrite:
        flags.check_exists(dataset.root)
        shutil.rmtree(root / "leak", ignore_errors=True)
    table = measure_leak(root, dataset, config, TerminalConsole())
    print(table[["split", "overall", "mean_species"]].to_string(index=False))
