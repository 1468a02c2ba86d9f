"""Images a second of one step of training, against torch at its best.

Forward, backward and an update by SGD with momentum and weight decay, in float32, on a batch that
lies on the device. Every way of torch's shows first, alone, that it starts from the same weights
and has the same losses; the fastest then compete with ours, round by round.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.contest import Contender, call_apart, compete
from benchmarks.machine import INSTALL, describe, has_torch
from benchmarks.sides import (
    our_training,
    our_training_trial,
    torch_training,
    torch_training_trial,
    write_weights,
)
from benchmarks.tables import print_table, summary
from benchmarks.train_task import DROPOUT, VARIANTS, Task, Trial, Variant

_TOLERANCE = 1e-3  # of losses, relative
_FINALISTS = 3  # of torch's; each keeps its memory for as long as the rounds last
_OUR_ENVIRONMENT = {
    # JAX would take most of an accelerator's memory, and the others stand beside it.
    "XLA_PYTHON_CLIENT_MEM_FRACTION": "0.4",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",  # as `camtrap` sets it
}

Found = dict[str, Any]


def define_flags(parser: argparse.ArgumentParser) -> None:
    """Adds this benchmark's flags."""
    parser.add_argument("--output", type=Path, help="JSON file for all runs")
    parser.add_argument("--networks", nargs="+", default=["vgg16", "resnet50"])
    parser.add_argument("--batch_size", type=int, default=8)
    parser.add_argument("--image_size", type=int, default=224, help="px, square")
    parser.add_argument("--classes", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=10, help="of a contender in a round")


def run(options: argparse.Namespace) -> None:
    """Checks that both sides agree, measures, and prints a table for each network."""
    settings = {name: value for name, value in vars(options).items() if name != "output"}
    results = {name: _measured(name, options) for name in options.networks}
    if not has_torch():
        print(INSTALL)
    if options.output:
        from camtrap_jax.store import write_json  # noqa: PLC0415 (see `sides`)

        write_json(options.output, {**describe(), "settings": settings, "networks": results})


def _measured(network: str, options: argparse.Namespace) -> Found:
    print(f"\n{network}, {options.batch_size} images of {options.image_size} px a step")
    with tempfile.TemporaryDirectory() as folder:
        task = Task(
            network,
            weights=Path(folder) / "weights.pth",
            batch_size=options.batch_size,
            image_size=options.image_size,
            num_classes=options.classes,
            dropout=0.0,
        )
        call_apart(write_weights, task)
        ours = call_apart(our_training_trial, task, environment=_OUR_ENVIRONMENT)
        _print_trial("ours", ours)
        theirs = _torch_trials(task, ours) if has_torch() else {}
        fastest = sorted(theirs, key=lambda name: -theirs[name].per_sec)[:_FINALISTS]
        contenders = _contenders(dataclasses.replace(task, dropout=DROPOUT), fastest)
        runs = compete(contenders, rounds=options.rounds, seconds=options.seconds, warm_up=1)
    found = summary(runs, {name: [run.per_sec for run in of] for name, of in runs.items()})
    print_table("in turn", found, digits=2)
    trials = {"ours": ours, **{f"torch {name}": trial for name, trial in theirs.items()}}
    return {
        "trials": {name: dataclasses.asdict(trial) for name, trial in trials.items()},
        **found,
        **_against_best(found),
    }


def _torch_trials(task: Task, ours: Trial) -> dict[str, Trial]:
    found = {}
    for name, variant in VARIANTS.items():
        trial = _torch_trial(task, name, variant)
        if trial is not None:
            _print_trial(f"torch {name}", trial)
            check_losses(f"{task.network}, torch {name}", trial.losses, ours.losses)
            found[name] = trial
    return found


def _torch_trial(task: Task, name: str, variant: Variant) -> Trial | None:
    """Returns what a way of torch's shows; None where it needs a compiler that is not there."""
    try:
        return call_apart(
            torch_training_trial, task, variant, environment=dict(variant.environment)
        )
    except RuntimeError as error:
        if not variant.compiled:
            raise
        print(f"  torch {name}: does not work here: {str(error).splitlines()[0]}")
        return None


def check_losses(name: str, theirs: Sequence[float], ours: Sequence[float]) -> None:
    """Compares the losses of both sides, step by step.

    Raises:
      ValueError: they are not the same.
    """
    for step, (one, other) in enumerate(zip(theirs, ours, strict=True), start=1):
        if not abs(one - other) <= _TOLERANCE * abs(other):
            raise ValueError(
                f"{name}: step {step} has a loss of {one:.6f}, ours of {other:.6f}, expected to "
                f"agree within {_TOLERANCE}; the two sides do not do the same work, or BatchNorm "
                "has too few values (a larger --batch_size or --image_size gives it more)"
            )


def _contenders(task: Task, variants: Sequence[str]) -> list[Contender]:
    return [
        Contender("ours", partial(our_training, task), environment=_OUR_ENVIRONMENT),
        *(
            Contender(
                f"torch {name}",
                partial(torch_training, task, VARIANTS[name]),
                environment=dict(VARIANTS[name].environment),
            )
            for name in variants
        ),
    ]


def _against_best(found: Found) -> Found:
    """Names the fastest of torch's ways, and says how many times as fast we are."""
    rates = {name: of["median"] for name, of in found["images_per_sec"].items() if name != "ours"}
    if not rates:
        return {}
    best = max(rates, key=lambda name: rates[name])
    ratio = found["ratios"][f"ours / {best}"]
    print(
        f"  ours is {ratio['median']:.2f} times as fast as torch at its best "
        f"({ratio['min']:.2f} to {ratio['max']:.2f}; {best})"
    )
    return {"torch_best": best, "ratio_to_torch_best": ratio}


def _print_trial(name: str, trial: Trial) -> None:
    losses = ", ".join(f"{loss:.4f}" for loss in trial.losses)
    print(f"  {f'{name}, alone, losses {losses}':62}{trial.per_sec:9.2f}")
