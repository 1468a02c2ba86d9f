"""Images that are the same picture: equal bytes, or perceptual hashes that differ in few bits."""

from __future__ import annotations

import re
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Array, Bool, Int, UInt32
from scipy.sparse import coo_array, csgraph

from camtrap_jax.config import DataConfig
from camtrap_jax.data.labels import label_counts

HASH_BITS = 256
_WORDS = HASH_BITS // 32
_HASH = re.compile(f"[0-9a-fA-F]{{{HASH_BITS // 4}}}")
_TILE = 2048  # hashes a side; bounds memory, also where every pair of a tile is alike


def exact_duplicates(sha256: Sequence[str]) -> Int[np.ndarray, " images"]:
    """Numbers images so that those with the same hash share a number.

    Args:
      sha256: of the files' bytes; "" where it is not known, which equals nothing.

    Returns:
      Numbers from 0, by first occurrence.
    """
    keys = pd.Series(list(sha256), dtype=object)
    unknown = (keys == "").to_numpy(bool)
    keys[unknown] = np.flatnonzero(unknown)  # a number equals no text
    return pd.factorize(keys)[0]


def near_duplicates(hashes: Sequence[str], *, max_bits: int) -> Int[np.ndarray, " images"]:
    """Numbers images so that those that look alike share a number.

    Two images look alike where their hashes differ in at most `max_bits` bits; so do the first and
    the last of a chain of such pairs. Exact: every pair of different hashes is compared, in tiles
    whose pairs are merged at once, so that they never pile up. 100,000 hashes take 3 s on two
    cores where few are alike, and 10 s where one cluster holds all of them.

    Args:
      hashes: perceptual hashes of 64 hexadecimal digits; "" where there is none: alike to nothing.
      max_bits: 0 (equal hashes only) to 256 (all are alike).

    Returns:
      Numbers from 0, by first occurrence.

    Raises:
      ValueError: a text is no such hash, or `max_bits` is out of range.
    """
    if not 0 <= max_bits <= HASH_BITS:
        raise ValueError(f"max_bits: expected 0 to {HASH_BITS}, got {max_bits}")
    for row, text in enumerate(hashes):
        if text and not _HASH.fullmatch(text):
            digits = HASH_BITS // 4
            raise ValueError(
                f"perceptual hash of image {row}: expected {digits} hexadecimal digits or nothing, "
                f"got {text!r}"
            )
    distinct = sorted({text for text in hashes if text})
    component = dict(zip(distinct, _components(_words(distinct), max_bits).tolist(), strict=True))
    return exact_duplicates([str(component[text]) if text else "" for text in hashes])


def near_duplicate_labels(
    images: pd.DataFrame, files: pd.DataFrame, config: DataConfig
) -> np.ndarray:
    """Numbers the groups of images of animals that look alike.

    Empty frames of one camera all look alike, and would join the animals between them: they, and
    images whose label is no species, are alike to nothing.

    Args:
      images: columns `filepath` and `species`.
      files: columns `filepath` and `phash`, one row a file.
      config: how much two pictures of a group may differ, and which labels are no species.

    Returns:
      int [images]; the same number for images of one group.
    """
    roles, _ = label_counts(images["species"].tolist(), config)
    with_animals = images.loc[np.array(roles) == "species", "filepath"]
    hashes = files["phash"].where(files["filepath"].isin(with_animals), "")
    groups = near_duplicates(hashes.tolist(), max_bits=config.near_duplicate_bits)
    of_file = dict(zip(files["filepath"], groups, strict=True))
    return np.array([of_file[path] for path in images["filepath"]], np.int64)


def _words(hashes: Sequence[str]) -> UInt32[np.ndarray, "hashes words"]:
    raw = b"".join(bytes.fromhex(text) for text in hashes)
    return np.frombuffer(raw, np.uint32).reshape(-1, _WORDS)


def _components(
    words: UInt32[np.ndarray, "hashes words"], max_bits: int
) -> Int[np.ndarray, " hashes"]:
    count = len(words)
    side = min(_TILE, 1 << max(count - 1, 0).bit_length())
    padded = np.zeros((-(-count // side) * side, _WORDS), np.uint32)
    padded[:count] = words
    labels = np.arange(len(padded), dtype=np.int32)
    for top in range(0, count, side):
        for left in range(top, count, side):
            rows, columns = slice(top, top + side), slice(left, left + side)
            tile = _alike(padded[rows], padded[columns], labels[rows], labels[columns], max_bits)
            alike = np.asarray(tile)[: count - top, : count - left]
            if alike.any():
                row, column = np.nonzero(alike)
                labels = _merged(labels, labels[rows][row], labels[columns][column])
    return labels[:count]


@jax.jit
def _alike(
    rows: UInt32[Array, "rows words"],
    columns: UInt32[Array, "columns words"],
    row_labels: Int[Array, " rows"],
    column_labels: Int[Array, " columns"],
    max_bits: int,
) -> Bool[Array, "rows columns"]:
    """Tells which pairs are alike and not joined yet: a large cluster is listed only once."""
    # Compiled bit counts, for 100,000 hashes on two cores: 2 s; a matrix product of signs takes
    # 13 s, NumPy's bitwise_count 28 s.
    differing = jax.lax.population_count(rows[:, None, :] ^ columns[None, :, :])
    close = differing.astype(jnp.int32).sum(axis=-1) <= max_bits
    return close & (row_labels[:, None] != column_labels[None, :])


def _merged(
    labels: Int[np.ndarray, " hashes"], one: Int[np.ndarray, " pairs"], other: np.ndarray
) -> Int[np.ndarray, " hashes"]:
    """Joins the components `one[i]` and `other[i]`."""
    pairs = coo_array((np.ones(len(one), np.int8), (one, other)), (len(labels),) * 2)
    _, component = csgraph.connected_components(pairs, directed=False)
    return component[labels]
