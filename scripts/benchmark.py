"""Measures speed against PyTorch, both in one run: `python scripts/benchmark.py SUITE`.

torch, torchvision, captum and pytorch-grad-cam are no dependencies of this project. Without them
only our own figures appear, with a line that says how to install them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from benchmarks import attribution_speed, input_speed, train_speed, units_speed

from camtrap_jax.cli.large_pages import restart_with_large_pages

SUITES = {
    "attribution": attribution_speed,
    "input": input_speed,
    "train": train_speed,
    "units": units_speed,
}


def main() -> None:
    """Runs the benchmark that the command line names."""
    restart_with_large_pages()  # as `camtrap` does; torch gets them, too
    options = parse(sys.argv[1:])
    SUITES[options.suite].run(options)


def parse(words: Sequence[str]) -> argparse.Namespace:
    """Reads the command line; `--suite=NAME` is the same as NAME."""
    chooser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    chooser.add_argument("--suite", action="append", default=[])
    chosen, rest = chooser.parse_known_args(words)
    parser = argparse.ArgumentParser(description=__doc__)
    suites = parser.add_subparsers(dest="suite", required=True)
    for name, module in SUITES.items():
        module.define_flags(suites.add_parser(name, description=module.__doc__))
    return parser.parse_args([*chosen.suite, *rest])


if __name__ == "__main__":
    main()
