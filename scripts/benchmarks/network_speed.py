"""A benchmark of networks: its flags, its weights, and its results on disk."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.contest import call_apart
from benchmarks.machine import describe
from benchmarks.network_task import Task
from benchmarks.sides import write_weights

Found = dict[str, Any]


def define_flags(parser: argparse.ArgumentParser) -> None:
    """Adds the flags of every benchmark of networks."""
    parser.add_argument("--output", type=Path, help="JSON file for all runs")
    parser.add_argument("--networks", nargs="+", default=["vgg16", "resnet50"])
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--image_size", type=int, default=224, help="px, square")
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=10, help="of a contender in a round")


def measure_networks(
    options: argparse.Namespace, measure: Callable[[str, argparse.Namespace], Found]
) -> None:
    """Measures each network, and writes what was found."""
    settings = {name: value for name, value in vars(options).items() if name != "output"}
    results = {name: measure(name, options) for name in options.networks}
    if options.output:
        from camtrap_jax.store import write_json  # noqa: PLC0415 (see `sides`)

        write_json(options.output, {**describe(), "settings": settings, "networks": results})


@contextlib.contextmanager
def weighted_task(
    network: str, options: argparse.Namespace, *, varied: bool = False
) -> Generator[Task]:
    """Draws the weights of a task, which are there for as long as the context lasts.

    Args:
      network: its name.
      options: the flags.
      varied: whether BatchNorm gets other scales, biases and statistics than training starts with.
    """
    with tempfile.TemporaryDirectory() as folder:
        task = Task(
            network,
            weights=Path(folder) / "weights.pth",
            batch_size=options.batch_size,
            image_size=options.image_size,
            num_classes=options.classes,
        )
        call_apart(write_weights, task, varied)
        yield task


def shown(
    name: str,
    trial: Callable[..., Any],
    *arguments: Any,
    compiled: bool,
    environment: Mapping[str, str],
) -> Any | None:
    """Returns what a way of torch's shows; None where it needs a compiler that is not there."""
    try:
        return call_apart(trial, *arguments, environment=environment)
    except RuntimeError as error:
        if not compiled:
            raise
        print(f"  {name}: does not work here: {str(error).splitlines()[0]}")
        return None
