"""What is planted on purpose: labels and files that are wrong in known ways."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from camtrap_jax.synthetic.bursts import FRAMES, Abundance, Burst

ORIENTATIONS = (6, 3, 8)
"""EXIF tags in turn: how a viewer must turn the stored picture."""

_STREAM = 1_000_003


@dataclass(slots=True)
class Faults:
    """Paths relative to the folder of images."""

    rotated: dict[str, int] = field(default_factory=dict)
    duplicates: list[tuple[str, str]] = field(default_factory=list)
    two_species: list[tuple[str, str]] = field(default_factory=list)
    mislabelled: dict[str, str] = field(default_factory=dict)
    truncated: list[str] = field(default_factory=list)
    zero_byte: list[str] = field(default_factory=list)
    not_images: list[str] = field(default_factory=list)


def plant(bursts: list[Burst], abundance: Abundance, bound: dict[str, str], seed: int) -> Faults:
    """Chooses what goes wrong; writes companions and wrong labels into the bursts.

    Only the more abundant half of the known species is touched, so the ranking by abundance stays
    as planned. Every burst has at most one fault.
    """
    rng = np.random.default_rng([seed, _STREAM, 2])
    half = list(abundance.known)[: max(2, len(abundance.known) * 6 // 10)]
    common = [name for name in half if name not in bound]
    pool = [burst for burst in bursts if burst.species in common and _plain(burst)]
    pool = [pool[k] for k in rng.permutation(len(pool))]
    total = sum(abundance.known.values())
    faults = Faults()
    for burst in _take(pool, max(1, round(0.01 * total / 3))):
        burst.companion = _other(common, burst.species, rng)
        faults.two_species += [
            (burst.path(k, burst.species), burst.path(k, burst.companion))
            for k in range(burst.frames)
        ]
    for burst in _take(pool, max(1, round(0.005 * total / 3))):
        burst.label = _other(common, burst.species, rng)
        faults.mislabelled |= {
            burst.path(k, burst.label): burst.species for k in range(burst.frames)
        }
    for burst in _take(pool, max(1, round(0.005 * total))):
        faults.duplicates.append((burst.path(1, burst.label), burst.path(6, burst.label)))
    for k, burst in enumerate(_take(pool, max(3, round(0.003 * total)))):
        faults.rotated[burst.path(0, burst.label)] = ORIENTATIONS[k % 3]
    broken = [burst.path(int(rng.integers(3)), burst.label) for burst in _take(pool, 6)]
    faults.truncated, faults.zero_byte, faults.not_images = broken[:3], broken[3:4], broken[4:]
    return faults


def _plain(burst: Burst) -> bool:
    """A full burst of one animal, well seen."""
    return burst.frames == FRAMES and burst.herd == 1 and not (burst.far or burst.partial)


def _take(pool: list[Burst], count: int) -> list[Burst]:
    """Up to `count` bursts that nothing else will touch; a tiny study runs out of them."""
    return [pool.pop() for _ in range(min(count, len(pool)))]


def _other(names: list[str], name: str, rng: np.random.Generator) -> str:
    rest = [other for other in names if other != name]
    return rest[rng.integers(len(rest))]


def break_files(images: Path, masks: Path, faults: Faults) -> None:
    """Copies the duplicates, cuts the truncated, empties and replaces the rest."""
    for original, copy in faults.duplicates:
        (images / copy).write_bytes((images / original).read_bytes())
        mask = mask_path(copy)
        (masks / mask).write_bytes((masks / mask_path(original)).read_bytes())
    for path in faults.truncated:
        data = (images / path).read_bytes()
        (images / path).write_bytes(data[: len(data) * 45 // 100])
    for path in faults.zero_byte:
        (images / path).write_bytes(b"")
    for path in faults.not_images:
        (images / path).write_text(
            "Camera serviced, batteries changed. This file is text and no picture.\n"
        )


def mask_path(path: str) -> str:
    """Where the mask of an image lies, relative to the folder of masks."""
    return path.removesuffix(".jpg") + ".png"
