"""Images a second of the input pipeline, against torch's DataLoader with torchvision.

Same JPEG files, same output: random resized crops, flips and colour jitter, normalised, float32
224 x 224 in batches of 32. From prepared records and from raw frames of 1920 x 1080; on one core,
and on all with the best number of workers for each.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import agreement, our_input
from benchmarks.contest import Contender, Run, call_apart, compete, ratios, spread
from benchmarks.jpegs import Pictures, bits_per_pixel, make_pictures
from benchmarks.machine import describe
from camtrap_jax.store import write_json

_INSTALL = (
    "torch and torchvision are not installed: `pip install 'torch>=2.8' torchvision` into this "
    "environment adds them to the comparison"
)
_TORCH = ("PIL", "uint8 tensors", "float32 tensors", "draft")
_OURS = {"host": our_input.host_work, "complete": our_input.complete_work}


def define_flags(parser: argparse.ArgumentParser) -> None:
    """Adds this benchmark's flags."""
    parser.add_argument("--output", type=Path, help="JSON file for all runs")
    parser.add_argument("--photographs", type=Path, help="folder of landscapes to use as views")
    parser.add_argument("--images", type=int, default=96, help="frames to draw")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.5, help="of a contender in a round")


def run(options: argparse.Namespace) -> None:
    """Draws the pictures, checks that both sides agree, measures, and prints a table."""
    has_torch = all(importlib.util.find_spec(name) for name in ("torch", "torchvision"))
    with tempfile.TemporaryDirectory() as folder:
        pictures = call_apart(make_pictures, Path(folder), options.images, options.photographs)
        sources: dict[str, dict[str, Any]] = {}
        for name, (ours, files) in _folders(pictures).items():
            found: dict[str, Any] = {"bits_per_pixel": bits_per_pixel(files)}
            if has_torch:
                found["agreement"] = call_apart(agreement.check, name, ours, files)
                print(_agreement_line(name, found["agreement"]))
            sources[name] = found
        for name, found in sources.items():
            found.update(_measure(name, pictures, options, has_torch))
            _print_table(name, found)
    if not has_torch:
        print(_INSTALL)
    if options.output:
        settings = {name: getattr(options, name) for name in ("images", "rounds", "seconds")}
        settings["photographs"] = bool(options.photographs)
        write_json(options.output, {**describe(), "settings": settings, "sources": sources})


def _folders(pictures: Pictures) -> dict[str, tuple[Path, Path]]:
    """Returns what our side and the other side read."""
    return {
        "records": (pictures.dataset, pictures.records),
        "raw": (pictures.raw, pictures.raw),
    }


def _measure(
    source: str, pictures: Pictures, options: argparse.Namespace, has_torch: bool
) -> dict[str, Any]:
    folders = _folders(pictures)[source]
    timing = {"rounds": options.rounds, "seconds": options.seconds}
    variants = _TORCH if has_torch else ()
    core = (max(os.sched_getaffinity(0)),)
    one = compete(_contenders(folders, variants, [0], core), **timing)
    fastest = max(variants, key=lambda name: _median(one[_torch_name(name, 0)]), default=None)
    cores = len(os.sched_getaffinity(0))
    workers = sorted({0, cores // 2, cores})
    usual = {name for name in ("PIL", fastest) if name}
    every = compete(_contenders(folders, sorted(usual) if has_torch else (), workers, ()), **timing)
    return {
        "one_core": _summary(one),
        "all_cores": {"cores": cores, **_summary(_best_of_workers(every))},
    }


def _contenders(
    folders: tuple[Path, Path], variants: Any, workers: list[int], cores: tuple[int, ...]
) -> list[Contender]:
    ours, files = folders
    contenders = [
        Contender(f"ours {stage}, workers {count}", partial(work, ours, count), cores)
        for stage, work in _OURS.items()
        for count in workers
    ]
    if variants:
        from benchmarks import torch_input  # noqa: PLC0415 (only where torch is)

        contenders += [
            Contender(
                _torch_name(variant, count),
                partial(torch_input.work, variant, files, count, bool(cores)),
                cores,
            )
            for variant in variants
            for count in workers
        ]
    return contenders


def _torch_name(variant: str, workers: int) -> str:
    return f"torch {variant}, workers {workers}"


def _median(runs: list[Run]) -> float:
    return spread([run.per_sec for run in runs])["median"]


def _best_of_workers(runs: dict[str, list[Run]]) -> dict[str, list[Run]]:
    """Keeps, of each program, the number of workers with which it is fastest."""
    best: dict[str, str] = {}
    for name, of_name in runs.items():
        program = name.split(",")[0]
        if program not in best or _median(of_name) > _median(runs[best[program]]):
            best[program] = name
    return {name: runs[name] for name in best.values()}


def _summary(runs: dict[str, list[Run]]) -> dict[str, Any]:
    ours = {name: of for name, of in runs.items() if name.startswith("ours")}
    torch = {name: of for name, of in runs.items() if name.startswith("torch")}
    return {
        "images_per_sec": {name: spread([run.per_sec for run in of]) for name, of in runs.items()},
        "runs": {name: [vars(run) for run in of] for name, of in runs.items()},
        "ratios": {
            f"{one} / {other}": spread(ratios(runs[one], runs[other]))
            for one in ours
            for other in torch
        },
    }


def _agreement_line(source: str, found: dict[str, float]) -> str:
    return (
        f"{source}: without augmentation the two differ by {found['mean_levels']:.2f} of 255 on "
        f"average (at most {found['tolerance_levels']:.2f} expected)"
    )


def _print_table(source: str, found: dict[str, Any]) -> None:
    print(f"\n{source}, {found['bits_per_pixel']:.2f} bits a pixel")
    for where in ("one_core", "all_cores"):
        title = "one core" if where == "one_core" else f"all {found[where]['cores']} cores"
        print(f"  {title:38}{'images/s':>10}{'min':>9}{'max':>9}")
        for name, rate in found[where]["images_per_sec"].items():
            values = "".join(f"{rate[key]:9.0f}" for key in ("min", "max"))
            print(f"  {name:38}{rate['median']:10.0f}{values}")
        for name, ratio in found[where]["ratios"].items():
            values = "".join(f"{ratio[key]:9.2f}" for key in ("min", "max"))
            print(f"  {name:58}{ratio['median']:6.2f}{values}")
