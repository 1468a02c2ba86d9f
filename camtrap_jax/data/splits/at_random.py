"""Images divided at random, each species by itself: the paper's split."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence

import numpy as np

from camtrap_jax.data.splits.split import FRACTIONS, SPLITS


def random_split(
    species: Sequence[str],
    *,
    seed: int,
    fractions: Sequence[float] = FRACTIONS,
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
