"""Images a second of the input pipeline, against torch's DataLoader with torchvision.

Same JPEG files, same output: random resized crops, flips and colour jitter, normalised, float32
224 x 224 in batches of 32. From prepared records and from raw frames of 1920 x 1080; on one core,
and on all with the best number of workers for each. "host" is what a core beside an accelerator
does: uint8 frames, which the accelerator augments. "complete" is all of it, where the device is the
same core.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.contest import Contender, Run, call_apart, compete, spread
from benchmarks.machine import INSTALL, describe, has_torch
from benchmarks.sides import check_agreement, draw, ours_complete, ours_on_host, torchs
from benchmarks.tables import Found, print_table, summary

_TORCH = ("PIL", "uint8 tensors", "float32 tensors", "draft")
_OURS = {"host": ours_on_host, "complete": ours_complete}


def define_flags(parser: argparse.ArgumentParser) -> None:
    """Adds this benchmark's flags."""
    parser.add_argument("--output", type=Path, help="JSON file for all runs")
    parser.add_argument("--photographs", type=Path, help="folder of landscapes to use as views")
    parser.add_argument("--images", type=int, default=96, help="frames to draw")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=1.5, help="of a contender in a round")


def run(options: argparse.Namespace) -> None:
    """Draws the pictures, checks that both sides agree, measures, and prints tables."""
    settings = {name: getattr(options, name) for name in ("images", "rounds", "seconds")}
    settings["photographs"] = bool(options.photographs)
    results: dict[str, Found] = {}
    with tempfile.TemporaryDirectory() as folder:
        sources = call_apart(draw, Path(folder), options.images, options.photographs)
        for name, source in sources.items():
            print(f"\n{name}, {source['bits_per_pixel']:.2f} bits a pixel")
            found: Found = {"bits_per_pixel": source["bits_per_pixel"]}
            if has_torch():
                found["agreement"] = call_apart(
                    check_agreement, name, source["ours"], source["files"]
                )
                print(_agreement_line(found["agreement"]))
            found["one_core"] = _on_one_core(source, options, _TORCH if has_torch() else ())
            print_table("one core, by its time", found["one_core"])
            variants = _usual_and_fastest(found["one_core"]) if has_torch() else ()
            found["all_cores"] = _on_all_cores(source, options, variants)
            print_table(f"all {found['all_cores']['cores']} cores", found["all_cores"])
            results[name] = found
    if not has_torch():
        print(INSTALL)
    if options.output:
        _write(options.output, {**describe(), "settings": settings, "sources": results})


def _write(file: Path, results: Found) -> None:
    from camtrap_jax.store import write_json  # noqa: PLC0415 (see `sides`)

    write_json(file, results)


def _on_one_core(source: Found, options: argparse.Namespace, variants: Sequence[str]) -> Found:
    core = (max(os.sched_getaffinity(0)),)
    contenders = _contenders(source, variants, 0, core)
    runs = compete(contenders, rounds=options.rounds, seconds=options.seconds)
    # A processor's second is the same when others use that processor, too.
    return summary(runs, {name: [run.per_cpu_sec for run in of] for name, of in runs.items()})


def _on_all_cores(source: Found, options: argparse.Namespace, variants: Sequence[str]) -> Found:
    cores = len(os.sched_getaffinity(0))
    contenders = [
        one
        for workers in sorted({0, cores // 2, cores})
        for one in _contenders(source, variants, workers, ())
    ]
    runs = compete(contenders, rounds=options.rounds, seconds=options.seconds)
    best = _best_of_workers(runs)
    rates = {name: [run.per_sec for run in of] for name, of in best.items()}
    return {"cores": cores, **summary(runs, rates)}


def _contenders(
    source: Found, variants: Sequence[str], workers: int, cores: tuple[int, ...]
) -> list[Contender]:
    ours = [
        Contender(f"ours {stage}, workers {workers}", partial(make, source["ours"], workers), cores)
        for stage, make in _OURS.items()
    ]
    theirs = [
        Contender(
            f"torch {variant}, workers {workers}",
            partial(torchs, variant, source["files"], workers, bool(cores)),
            cores,
        )
        for variant in variants
    ]
    return ours + theirs


def _usual_and_fastest(one_core: Found) -> list[str]:
    rates = one_core["images_per_sec"]
    fastest = max(_TORCH, key=lambda name: rates[f"torch {name}, workers 0"]["median"])
    return sorted({"PIL", fastest})


def _best_of_workers(runs: dict[str, list[Run]]) -> dict[str, list[Run]]:
    """Keeps, of each program, the number of workers with which it is fastest."""
    best: dict[str, tuple[float, str]] = {}
    for name, of_name in runs.items():
        program = name.split(",")[0]
        rate = spread([run.per_sec for run in of_name])["median"]
        best[program] = max(best.get(program, (0.0, "")), (rate, name))
    return {name: runs[name] for _, name in best.values()}


def _agreement_line(found: dict[str, float]) -> str:
    return (
        f"without augmentation the two sides differ by {found['mean_levels']:.2f} of 255 on "
        f"average; at most {found['tolerance_levels']:.2f} is expected"
    )
