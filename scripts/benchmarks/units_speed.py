"""Mutual information of all units with all species, against scikit-learn and against NumPy.

The same equal-frequency bins, one species against the rest. scikit-learn as its users would: unit
by unit and species by species, `mutual_info_score` on the bins. NumPy at its best: all units and
species in one count. All three first show that they find the same.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.contest import ratios, spread
from benchmarks.machine import describe

NUM_BINS = 10
TOLERANCE_NATS = 1e-5

Sides = dict[str, Callable[[], np.ndarray]]


def define_flags(parser: argparse.ArgumentParser) -> None:
    """Adds this benchmark's flags."""
    parser.add_argument("--output", type=Path, help="JSON file for all runs")
    parser.add_argument("--images", type=int, default=6000)
    parser.add_argument("--units", type=int, default=512)
    parser.add_argument("--species", type=int, default=20)
    parser.add_argument("--permutations", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)


def run(options: argparse.Namespace) -> None:
    """Compares the results, measures, and prints a table."""
    from camtrap_jax import units  # noqa: PLC0415 (see `sides`)

    responses, labels = draw(options.images, options.units, options.species)
    given = {"num_classes": options.species, "num_bins": NUM_BINS}
    sides: Sides = {
        "ours": lambda: np.asarray(units.mutual_information(responses, labels, **given)),
        "NumPy, all at once": partial(numpy_information, responses, labels, **given),
        "scikit-learn, one by one": partial(sklearn_information, responses, labels, **given),
    }
    check(sides)
    seconds = {name: [timed(side) for _ in range(options.rounds)] for name, side in sides.items()}
    permute = partial(
        units.permutation_p_values, responses, labels, permutations=options.permutations, **given
    )
    permute()
    seconds[f"ours, {options.permutations} permutations"] = [
        timed(permute) for _ in range(options.rounds)
    ]
    print_seconds(seconds)
    if options.output:
        from camtrap_jax.store import write_json  # noqa: PLC0415 (see `sides`)

        settings = {name: getattr(options, name) for name in ("images", "units", "species")}
        write_json(options.output, {**describe(), "settings": settings, "seconds": seconds})


def draw(images: int, num_units: int, species: int) -> tuple[np.ndarray, np.ndarray]:
    """Makes responses as ReLUs leave them: a third zeros, some units that know a species."""
    rng = np.random.default_rng(0)
    labels = np.arange(images) % species
    known = rng.integers(0, species, num_units)
    responses = rng.normal(size=(images, num_units)) + 1.5 * (labels[:, None] == known)
    return np.maximum(responses + 0.4, 0).astype(np.float32), labels.astype(np.int32)


def check(sides: Sides) -> None:
    """Compares what all sides find with scikit-learn.

    Raises:
      ValueError: one finds something else.
    """
    found = {name: side() for name, side in sides.items()}
    expected = found["scikit-learn, one by one"]
    for name, nats in found.items():
        off = np.abs(nats - expected).max()
        print(f"  {name:40} differs from scikit-learn by {off:.1e} nats at most")
        if not off <= TOLERANCE_NATS:
            raise ValueError(f"{name}: expected the information that scikit-learn finds")


def timed(call: Callable[[], object]) -> float:
    """Returns the seconds that a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def print_seconds(seconds: dict[str, list[float]]) -> None:
    """Prints each side's time, and how many times as long it takes as ours."""
    rates = {name: [1 / value for value in values] for name, values in seconds.items()}
    print(f"  {'seconds':40}{'median':>10}{'min':>10}{'max':>10}{'times ours':>12}")
    for name, values in seconds.items():
        found, times = spread(values), spread(ratios(rates["ours"], rates[name]))
        line = "".join(f"{found[key]:10.4f}" for key in ("median", "min", "max"))
        print(f"  {name:40}{line}{times['median']:12.1f}")


def sklearn_information(
    responses: np.ndarray, labels: np.ndarray, *, num_classes: int, num_bins: int
) -> np.ndarray:
    """Asks scikit-learn for each unit and species."""
    from sklearn.metrics import mutual_info_score  # noqa: PLC0415

    bins = numpy_bins(responses, num_bins)
    shows = [labels == label for label in range(num_classes)]
    return np.array([[mutual_info_score(of_unit, truth) for truth in shows] for of_unit in bins.T])


def numpy_bins(responses: np.ndarray, num_bins: int) -> np.ndarray:
    """Cuts all units at once, as `frequency_bins` does: zeros by themselves."""
    ordered = np.sort(np.where(responses == 0, np.inf, responses).T, axis=1).T
    silent = responses == 0
    has_silent = silent.any(axis=0)
    shared = num_bins - has_silent
    steps = np.arange(1, num_bins)[:, None]
    ranks = steps * (~silent).sum(axis=0) // shared
    edges = np.take_along_axis(ordered, np.minimum(ranks, len(responses) - 1), axis=0)
    edges = np.where(steps < shared, edges, np.inf)
    passed = np.zeros(responses.shape, np.int64)
    for edge in edges:
        passed += responses >= edge
    return np.where(silent, 0, passed + has_silent)


def numpy_information(
    responses: np.ndarray, labels: np.ndarray, *, num_classes: int, num_bins: int
) -> np.ndarray:
    """Counts all cells of all units at once."""
    num_units = responses.shape[1]
    cells = (np.arange(num_units) * num_bins + numpy_bins(responses, num_bins)) * num_classes
    cells += labels[:, None]
    counts = np.bincount(cells.ravel(), minlength=num_units * num_bins * num_classes)
    counts = counts.reshape(num_units, num_bins, num_classes) / len(labels)
    in_bin, in_class = counts.sum(2, keepdims=True), counts.sum(1, keepdims=True)

    def terms(joint: np.ndarray, expected: np.ndarray) -> np.ndarray:
        ratio = np.divide(joint, expected, out=np.ones_like(joint), where=joint > 0)
        return joint * np.log(ratio)

    rest = terms(in_bin - counts, in_bin * (1 - in_class))
    return (terms(counts, in_bin * in_class) + rest).sum(axis=1)
