"""Images a second of one step of training, against torch at its best.

Forward, backward and an update by SGD with momentum and weight decay, in float32, on a batch that
lies on the device. Every way of torch's shows first, alone, that it starts from the same weights
and has the same losses; the fastest then compete with ours, round by round.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence
from functools import partial

from benchmarks.contest import Contender, call_apart, compete
from benchmarks.machine import INSTALL, has_torch
from benchmarks.network_speed import Found, define_flags, measure_networks, shown, weighted_task
from benchmarks.network_task import Task, our_environment
from benchmarks.sides import (
    our_training,
    our_training_trial,
    torch_training,
    torch_training_trial,
)
from benchmarks.tables import print_table, summary
from benchmarks.train_task import DROPOUT, VARIANTS, Trial

__all__ = ["define_flags", "run"]

_TOLERANCE = 1e-3  # of losses, relative
_FINALISTS = 3  # of torch's; each keeps its memory for as long as the rounds last
_OUR_ENVIRONMENT = our_environment(0.4)


def run(options: argparse.Namespace) -> None:
    """Checks that both sides agree, measures, and prints a table for each network."""
    measure_networks(options, _measured)
    if not has_torch():
        print(INSTALL)


def _measured(network: str, options: argparse.Namespace) -> Found:
    print(f"\n{network}, {options.batch_size} images of {options.image_size} px a step")
    with weighted_task(network, options) as task:
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
        trial = shown(
            f"torch {name}",
            torch_training_trial,
            task,
            variant,
            compiled=variant.compiled,
            environment=dict(variant.environment),
        )
        if trial is not None:
            _print_trial(f"torch {name}", trial)
            check_losses(f"{task.network}, torch {name}", trial.losses, ours.losses)
            found[name] = trial
    return found


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
