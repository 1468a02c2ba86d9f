"""Images a second of explaining, against captum, pytorch-grad-cam and torch fused by hand.

Ours is `make_explainer` with Grad-CAM, guided backpropagation and guided Grad-CAM; logits, features
and unit responses come with them. captum computes its three attributions one after another, and
pytorch-grad-cam guided backpropagation image by image, as their users have them do it. "fused
torch" is written by hand for this comparison, and has freed memory kept. The same weights, the same
batch on the device, float32. Every way of a peer's shows first, alone, that it finds what we find;
each peer's fastest then compete with ours, round by round.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from benchmarks import network_speed
from benchmarks.attribution_agreement import check_explanation
from benchmarks.attribution_bars import against_bars, bar_line
from benchmarks.attribution_task import OURS, PEERS, THREE_MAPS, Shown, Way, ways
from benchmarks.contest import Contender, call_apart, compete
from benchmarks.machine import install_lines, missing
from benchmarks.network_speed import Found, measure_networks, shown, weighted_task
from benchmarks.network_task import Task, our_environment
from benchmarks.sides import (
    our_attribution,
    our_attribution_trial,
    torch_attribution,
    torch_attribution_trial,
)
from benchmarks.tables import print_table, summary

_OUR_ENVIRONMENT = our_environment(0.15)  # four programs of ours, and the peers beside them


def define_flags(parser: argparse.ArgumentParser) -> None:
    """Adds this benchmark's flags."""
    network_speed.define_flags(parser)
    parser.add_argument("--peers", nargs="*", default=list(PEERS), choices=list(PEERS))


def run(options: argparse.Namespace) -> None:
    """Checks that all sides agree, measures, and prints a table for each network."""
    measure_networks(options, _measured)
    for line in install_lines([module for peer in options.peers for module in PEERS[peer].modules]):
        print(line)


def _measured(network: str, options: argparse.Namespace) -> Found:
    print(f"\n{network}, {options.batch_size} images of {options.image_size} px a batch")
    peers = tuple(peer for peer in options.peers if not missing(PEERS[peer].modules))
    with weighted_task(network, options, varied=True) as task:
        ours = call_apart(our_attribution_trial, task, environment=_OUR_ENVIRONMENT)
        _print_trial(f"{THREE_MAPS}, alone", ours.per_sec)
        theirs = _trials(task, ways(network, peers), ours)
        finalists = fastest({way: trial["per_sec"] for way, trial in theirs.items()})
        contenders = _contenders(task, [way for of in finalists.values() for way in of])
        runs = compete(contenders, rounds=options.rounds, seconds=options.seconds, warm_up=1)
    rates = {name: [run.per_sec for run in of] for name, of in runs.items()}
    found = summary(runs, rates)
    print_table("in turn", {**found, "ratios": {}}, digits=2)
    bars = against_bars(
        network, rates, {peer: [way.name for way in of] for peer, of in finalists.items()}
    )
    for bar in bars:
        print(bar_line(bar))
    trials = {THREE_MAPS: {"per_sec": ours.per_sec, "device": ours.device}}
    trials |= {way.name: trial for way, trial in theirs.items()}
    return {"trials": trials, **found, "bars": bars}


def fastest(rates: Mapping[Way, float]) -> dict[str, list[Way]]:
    """Returns for each peer the ways that compete, fastest first."""
    ranked = sorted(rates, key=lambda way: -rates[way])
    peers = dict.fromkeys(way.peer for way in rates)
    return {
        peer: [way for way in ranked if way.peer == peer][: PEERS[peer].finalists] for peer in peers
    }


def _trials(task: Task, of: Sequence[Way], ours: Shown) -> dict[Way, dict[str, Any]]:
    """Returns what each way shows that works here."""
    found = {}
    for way in of:
        trial = shown(
            way.name,
            torch_attribution_trial,
            task,
            way,
            compiled=way.compiled,
            environment=PEERS[way.peer].environment,
        )
        if trial is None:
            continue
        name = f"{task.network}, {way.name}"
        differences = check_explanation(name, way.peer, trial.arrays, ours.arrays)
        _print_trial(f"{way.name}, alone, agrees", trial.per_sec)
        print(f"    {_agreement(differences)}")
        found[way] = {
            "per_sec": trial.per_sec,
            "device": trial.device,
            "differences": differences,
        }
    return found


def _agreement(differences: Mapping[str, float]) -> str:
    return "; ".join(
        f"{name} {value:.6f}" if name.endswith("correlation") else f"{name} {value:.0e}"
        for name, value in differences.items()
    )


def _contenders(task: Task, of: Sequence[Way]) -> list[Contender]:
    ours = [
        Contender(name, partial(our_attribution, task, name), environment=_OUR_ENVIRONMENT)
        for name in OURS
    ]
    theirs = [
        Contender(
            way.name,
            partial(torch_attribution, task, way),
            environment=PEERS[way.peer].environment,
        )
        for way in of
    ]
    return [*ours, *theirs]


def _print_trial(name: str, per_sec: float) -> None:
    print(f"  {name:62}{per_sec:9.2f}")
