"""Measures speed against PyTorch, both in one run: `python scripts/benchmark.py input`.

torch and torchvision are no dependencies of this project. Without them only our own figures appear,
with a line that says how to install them.
"""

from __future__ import annotations

import argparse

from benchmarks import input_speed

from camtrap_jax.cli.large_pages import restart_with_large_pages

SUBJECTS = {"input": input_speed}


def main() -> None:
    """Runs the benchmark that the command line names."""
    restart_with_large_pages()  # as `camtrap` does; torch gets them, too
    parser = argparse.ArgumentParser(description=__doc__)
    subjects = parser.add_subparsers(dest="subject", required=True)
    for name, module in SUBJECTS.items():
        module.define_flags(subjects.add_parser(name, description=module.__doc__))
    options = parser.parse_args()
    SUBJECTS[options.subject].run(options)


if __name__ == "__main__":
    main()
