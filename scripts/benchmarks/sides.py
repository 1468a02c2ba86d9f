"""Loads one side in the process that runs it: neither may have the other's libraries and threads.

A worker that torch forks from a process with JAX's threads ends badly.
"""
# ruff: noqa: PLC0415 (that is the point)

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.attribution_task import Shown, Way
from benchmarks.contest import Work
from benchmarks.network_task import Task
from benchmarks.train_task import Trial, Variant


def ours_on_host(folder: Path, num_workers: int) -> Work:
    """Our uint8 frames, ready to go to a device."""
    from benchmarks.our_input import host_work

    return host_work(folder, num_workers)


def ours_complete(folder: Path, num_workers: int) -> Work:
    """Our float32 images, ready on the device."""
    from benchmarks.our_input import complete_work

    return complete_work(folder, num_workers)


def torchs(variant: str, folder: Path, num_workers: int, is_one_core: bool) -> Work:
    """Images of torch's DataLoader."""
    from benchmarks.torch_input import work

    return work(variant, folder, num_workers, is_one_core)


def check_agreement(source: str, ours: Path, files: Path) -> dict[str, Any]:
    """Both sides without augmentation."""
    from benchmarks.agreement import check

    return check(source, ours, files)


def draw(folder: Path, count: int, photographs: Path | None) -> dict[str, dict[str, Any]]:
    """Makes the pictures; returns for each source what the two sides read, and its compression."""
    from benchmarks.jpegs import bits_per_pixel, make_pictures

    made = make_pictures(folder, count, photographs)
    sources = {"records": (made.dataset, made.records), "raw": (made.raw, made.raw)}
    return {
        name: {"ours": ours, "files": files, "bits_per_pixel": bits_per_pixel(files)}
        for name, (ours, files) in sources.items()
    }


def write_weights(task: Task, varied: bool) -> None:
    """Draws the weights that both sides start from."""
    from benchmarks import our_networks as side

    side.write_weights(task, varied)


def our_training_trial(task: Task) -> Trial:
    """Our first losses, and about how fast they are."""
    from benchmarks import our_training as side

    return side.trial(task)


def torch_training_trial(task: Task, variant: Variant) -> Trial:
    """Torch's."""
    from benchmarks import torch_training as side

    return side.trial(task, variant)


def our_training(task: Task) -> Work:
    """Our steps of training."""
    from benchmarks import our_training as side

    return side.work(task)


def torch_training(task: Task, variant: Variant) -> Work:
    """Torch's steps of training."""
    from benchmarks import torch_training as side

    return side.work(task, variant)


def our_attribution_trial(task: Task) -> Shown:
    """Our maps, and about how fast they are."""
    from benchmarks import our_attribution as side

    return side.trial(task)


def torch_attribution_trial(task: Task, way: Way) -> Shown:
    """A peer's."""
    from benchmarks import torch_attribution as side

    return side.trial(task, way)


def our_attribution(task: Task, name: str) -> Work:
    """Our batches that are explained."""
    from benchmarks import our_attribution as side

    return side.work(task, name)


def torch_attribution(task: Task, way: Way) -> Work:
    """A peer's."""
    from benchmarks import torch_attribution as side

    return side.work(task, way)
