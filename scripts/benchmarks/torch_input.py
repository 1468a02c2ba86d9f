"""The other side: torch's DataLoader with torchvision's transforms, as used and at its fastest."""
# pyright: reportMissingImports=false

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch.utils.data import DataLoader, RandomSampler
from torchvision.datasets import ImageFolder
from torchvision.io import ImageReadMode, decode_jpeg, read_file
from torchvision.transforms import v2

from benchmarks.contest import Work
from benchmarks.task import BATCH, JITTER, MEAN, MIN_AREA, SIZE, STD

_ENDLESS = 10_000_000  # images


def work(variant: str, folder: Path, num_workers: int, is_one_core: bool) -> Work:
    """Counts the images of float32 batches that are ready."""
    if is_one_core:
        torch.set_num_threads(1)
    for images, _ in _loader(variant, folder, num_workers):
        yield len(images)


@functools.cache
def _loader(variant: str, folder: Path, num_workers: int) -> DataLoader:
    """Makes a loader once: its workers stay from round to round."""
    loader, transform = VARIANTS[variant]()
    dataset = ImageFolder(str(folder), transform, loader=loader)
    return DataLoader(
        dataset,
        batch_size=BATCH,
        sampler=RandomSampler(dataset, replacement=True, num_samples=_ENDLESS),
        num_workers=num_workers,
        persistent_workers=num_workers > 0,
        drop_last=True,
    )


def plain(file: Path) -> torch.Tensor:
    """Decodes and resizes a file without augmentation; float32 [3, size, size], normalised."""
    resize = v2.Resize((SIZE, SIZE), antialias=True)
    return v2.Compose([resize, *_normalised()])(_tensor(str(file)))


def _pil() -> tuple[Callable[[str], Any], Callable[[Any], torch.Tensor]]:
    """ImageFolder's own loader, and the transforms of torchvision's training examples."""
    return _rgb, v2.Compose([*_cut(), _jitter(), v2.PILToTensor(), *_normalised()])


def _uint8() -> tuple[Callable[[str], Any], Callable[[Any], torch.Tensor]]:
    """Decoder of torchvision, transforms on uint8 tensors."""
    return _tensor, v2.Compose([*_cut(), _jitter(), *_normalised()])


def _float32() -> tuple[Callable[[str], Any], Callable[[Any], torch.Tensor]]:
    """Decoder of torchvision, crop on uint8, colours on float32: the fastest order we found."""
    return _tensor, v2.Compose(
        [*_cut(), _scaled(), _jitter(), v2.Normalize(MEAN.tolist(), STD.tolist())]
    )


def _draft() -> tuple[Callable[[str], Any], Callable[[Any], torch.Tensor]]:
    """A loader of the user's own, with Pillow's decoding at a reduced scale."""
    return _reduced, v2.Compose(
        [v2.PILToTensor(), *_cut(), _scaled(), _jitter(), v2.Normalize(MEAN.tolist(), STD.tolist())]
    )


VARIANTS = {"PIL": _pil, "uint8 tensors": _uint8, "float32 tensors": _float32, "draft": _draft}


def _cut() -> list[torch.nn.Module]:
    crop = v2.RandomResizedCrop(SIZE, scale=(MIN_AREA, 1.0), antialias=True)
    return [crop, v2.RandomHorizontalFlip()]


def _jitter() -> torch.nn.Module:
    return v2.ColorJitter(JITTER, JITTER, JITTER)


def _scaled() -> torch.nn.Module:
    return v2.ToDtype(torch.float32, scale=True)


def _normalised() -> list[torch.nn.Module]:
    return [_scaled(), v2.Normalize(MEAN.tolist(), STD.tolist())]


def _rgb(path: str) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _tensor(path: str) -> torch.Tensor:
    return decode_jpeg(read_file(path), mode=ImageReadMode.RGB)


def _reduced(path: str) -> Image.Image:
    with Image.open(path) as image:
        image.draft("RGB", (SIZE, SIZE))
        return image.convert("RGB")
