"""Which species the network learns, and which images it learns them from."""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

SPLITS = ("train", "val", "test")
_SMALLEST = 3  # one image for each of SPLITS


def choose_species(
    counts: Mapping[str, int], *, num_known: int, min_images: int
) -> tuple[list[str], list[str]]:
    """Chooses the most abundant species as known; the others are unknown.

    Args:
      counts: images of each species.
      num_known: how many are known; all, where there are fewer species. Ties go by name.
      min_images: a known species needs that many images, and at least 3.

    Returns:
      The known and the unknown species, both by name.

    Raises:
      ValueError: there are fewer than two species, or a known one has too few images.
    """
    order = sorted(counts, key=lambda name: (-counts[name], name))
    if len(order) < 2:
        seen = f"{order[0]!r} with {counts[order[0]]} images" if order else "none"
        raise ValueError(f"expected at least 2 species to tell apart, got {seen}")
    known, unknown = order[:num_known], order[num_known:]
    if len(known) < 2:
        raise ValueError(f"data.num_known: expected at least 2, got {num_known}")
    needed = max(min_images, _SMALLEST)
    small = [name for name in known if counts[name] < needed]
    if small:
        listed = ", ".join(f"{name} ({counts[name]})" for name in small)
        raise ValueError(
            f"too few images to split, expected at least {needed} for a known species: {listed}; "
            + _advice(counts, known, needed)
        )
    return sorted(known), sorted(unknown)


def random_split(
    species: Sequence[str],
    *,
    seed: int,
    fractions: tuple[float, float, float] = (0.85, 0.05, 0.10),
) -> np.ndarray:
    """Assigns images at random to train, val and test, each species by itself.

    The result depends on the order of `species`, so give images in a fixed order; images of one
    species do not influence those of another.

    Args:
      species: the species of each image; each has at least 3 images.
      seed: of the permutation.
      fractions: of train, val and test.

    Returns:
      "train", "val" or "test" for each image.

    Raises:
      ValueError: a species has fewer than 3 images.
    """
    rows: dict[str, list[int]] = {}
    for row, name in enumerate(species):
        rows.setdefault(name, []).append(row)
    splits = np.full(len(species), "", dtype=object)
    for name, of_species in rows.items():
        key = zlib.crc32(name.encode("utf-8", "surrogatepass"))
        order = np.random.default_rng([seed % 2**32, key]).permutation(of_species)
        splits[order] = np.repeat(SPLITS, split_sizes(len(order), fractions))
    return splits


def split_sizes(count: int, fractions: Sequence[float]) -> list[int]:
    """Divides images by largest remainder; every part has at least one.

    Raises:
      ValueError: fewer images than parts.
    """
    if count < len(fractions):
        raise ValueError(f"expected at least {len(fractions)} images to split, got {count}")
    shares = [count * fraction / math.fsum(fractions) for fraction in fractions]
    sizes = [math.floor(share + 1e-9) for share in shares]  # 0.1 * 30 is a little less than 3
    remainders = [share - size for share, size in zip(shares, sizes, strict=True)]
    by_remainder = sorted(range(len(sizes)), key=lambda part: (-round(remainders[part], 9), part))
    for part in by_remainder[: count - sum(sizes)]:
        sizes[part] += 1
    for part, size in enumerate(sizes):
        if size == 0:
            sizes[sizes.index(max(sizes))] -= 1
            sizes[part] = 1
    return sizes


def _advice(counts: Mapping[str, int], known: list[str], needed: int) -> str:
    """Names the settings that would let the rest go through."""
    abundance = sorted((counts[name] for name in known), reverse=True)
    enough = sum(count >= needed for count in abundance)
    splittable = sum(count >= _SMALLEST for count in abundance)
    advice = []
    if enough >= 2:
        advice.append(f"leave them out with --config.data.num_known={enough}")
    if splittable == len(abundance):
        advice.append(f"accept them with --config.data.min_images={abundance[-1]}")
    if not advice and splittable >= 2:
        least = abundance[splittable - 1]
        advice.append(f"use --config.data.num_known={splittable} --config.data.min_images={least}")
    return " or ".join(advice) or "add images"
