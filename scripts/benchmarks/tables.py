"""Figures of a contest, as numbers and as a table on the terminal."""

from __future__ import annotations

from typing import Any

from benchmarks.contest import Run, ratios, spread

Found = dict[str, Any]


def summary(runs: dict[str, list[Run]], rates: dict[str, list[float]]) -> Found:
    """Returns medians and spreads of all rates, and of ours over each of the others'.

    Args:
      runs: to keep, of each contender.
      rates: images a second round by round; names of ours begin with "ours".
    """
    ours = [name for name in rates if name.startswith("ours")]
    theirs = [name for name in rates if name not in ours]
    return {
        "images_per_sec": {name: spread(of) for name, of in rates.items()},
        "ratios": {
            f"{one} / {other}": spread(ratios(rates[one], rates[other]))
            for one in ours
            for other in theirs
        },
        "runs": {name: [vars(run) for run in of] for name, of in runs.items()},
    }


def print_table(title: str, found: Found, *, digits: int = 0) -> None:
    """Prints a summary.

    Args:
      title: of the table.
      found: from `summary`.
      digits: of images a second, after the point.
    """
    print(f"  {title:62}{'images/s':>9}{'min':>7}{'max':>7}")
    for name, rate in found["images_per_sec"].items():
        print(f"  {name:62}{_numbers(rate, digits)}")
    for name, ratio in found["ratios"].items():
        print(f"  {name:62}{_numbers(ratio, 2)}")


def _numbers(values: dict[str, float], digits: int) -> str:
    return f"{values['median']:9.{digits}f}{values['min']:7.{digits}f}{values['max']:7.{digits}f}"
