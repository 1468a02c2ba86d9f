"""camtrap tree: writes RUN/tree, centroids and dendrogram."""

from __future__ import annotations

from pathlib import Path

from absl import flags as absl_flags

from camtrap_jax.cli import stage
from camtrap_jax.config import Config
from camtrap_jax.store import check_file


def define_flags() -> None:
    """Defines the command's flags."""
    stage.define_flags()
    absl_flags.DEFINE_string(
        "taxonomy",
        None,
        "what to compare the tree with: a Newick file (another run's tree/tree.nwk, say), or a "
        "CSV file with a column `species` and its ranks from fine to coarse; none: with nothing",
    )


def main() -> None:
    """Runs the stage unless its results are up to date."""
    stage.run_one("tree", _set_taxonomy)


def _set_taxonomy(config: Config) -> None:
    path = absl_flags.FLAGS.taxonomy
    if not path:
        return
    if path != "none":
        check_file(Path(path), "--taxonomy", expected="a Newick or CSV file")
    # Absolute: the run remembers it, and is opened from anywhere.
    config.tree.taxonomy = "" if path == "none" else str(Path(path).absolute())
