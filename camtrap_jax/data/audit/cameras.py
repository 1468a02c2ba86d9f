"""What the camera tells about the species: a network may learn the place instead of the animal."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from camtrap_jax.data.audit.information import entropy, information, information_bias
from camtrap_jax.data.bursts import burst_names

_BOUND = 0.8  # share of a species' images at one camera
_FEWEST = 5  # images from which on a share says something
_PERMUTATIONS = 199


def bound_species(animals: pd.DataFrame) -> list[dict[str, Any]]:
    """Lists species of which one camera of several took most images.

    Args:
      animals: images of known and unknown species.
    """
    placed = animals.loc[animals["camera"] != ""]
    if len(set(placed["camera"])) < 2:
        return []
    bound = []
    for name, cameras in placed.groupby("species")["camera"]:
        camera, count = Counter(cameras).most_common(1)[0]
        share = count / len(cameras)
        if share >= _BOUND and len(cameras) >= _FEWEST:
            entry = {"species": str(name), "camera": camera, "images": count, "share": share}
            bound.append(entry)
    return bound


def camera_information(animals: pd.DataFrame, *, seed: int) -> dict[str, Any] | None:
    """Measures how much the camera says about the species, over all and for each species.

    Args:
      animals: images of known and unknown species; those without a camera are left out.
      seed: of the permutations.

    Returns:
      None where there are fewer than two cameras or species. Otherwise `images`, `bursts`, and
      `nats`; `entropy_nats` of the species and `normalised` = nats / entropy (1: the camera tells
      the species for sure); `corrected_nats` without the bias of small samples, at least 0, and
      `corrected_normalised`; `chance_nats`, the mean over permutations that deal the cameras out to
      the bursts at random, and `adjusted` = (nats - chance) / (entropy - chance): 0 for what chance
      gives, 1 where the camera tells the species; `p_value`, how often permutations say at least as
      much. `species` has the same for "is it this species or another". Frames of one burst are one
      draw, here and there.

    Source:
      Vinh, Epps and Bailey 2010, Information theoretic measures for clusterings comparison, adjust
      for chance so; their mean is over permutations of single items, and exact.
    """
    placed = animals.loc[animals["camera"] != ""]
    cameras, camera_names = pd.factorize(placed["camera"], sort=True)
    species, names = pd.factorize(placed["species"], sort=True)
    if len(camera_names) < 2 or len(names) < 2:
        return None
    bursts = _bursts(placed)
    of_burst = np.empty(bursts.max() + 1, np.int64)
    of_burst[bursts] = cameras
    shape = (len(camera_names), len(names))
    counts = _table(cameras, species, shape)
    found = _estimates(counts)
    rng = np.random.default_rng(seed)
    by_chance = np.array(
        [
            _estimates(_table(rng.permutation(of_burst)[bursts], species, shape))
            for _ in range(_PERMUTATIONS)
        ]
    )
    tables = [counts, *(_presence(counts, column) for column in range(len(names)))]
    entries = [
        _entry(table, nats, chance, len(of_burst))
        for table, nats, chance in zip(tables, found, by_chance.T, strict=True)
    ]
    return {
        "images": len(placed),
        "bursts": len(of_burst),
        "permutations": _PERMUTATIONS,
        **entries[0],
        "species": {str(name): entry for name, entry in zip(names, entries[1:], strict=True)},
    }


def _bursts(placed: pd.DataFrame) -> Int[np.ndarray, " images"]:
    """Numbers the bursts; a file without one is its own."""
    named = zip(burst_names(placed), placed["filepath"], strict=True)
    bursts = [burst or f"\0{path}" for burst, path in named]
    return pd.factorize(np.array(bursts, object))[0]


def _table(
    cameras: Int[np.ndarray, " images"],
    species: Int[np.ndarray, " images"],
    shape: tuple[int, int],
) -> Float[np.ndarray, "cameras species"]:
    cells = np.bincount(cameras * shape[1] + species, minlength=shape[0] * shape[1])
    return cells.reshape(shape).astype(np.float64)


def _presence(
    counts: Float[np.ndarray, "cameras species"], column: int
) -> Float[np.ndarray, "cameras 2"]:
    """Returns the table of "this species or another"."""
    return np.stack([counts[:, column], counts.sum(axis=1) - counts[:, column]], axis=1)


def _estimates(counts: Float[np.ndarray, "cameras species"]) -> Float[np.ndarray, " estimates"]:
    """Returns the information about the species, and about the presence of each."""
    of_each = [information(_presence(counts, column)) for column in range(counts.shape[1])]
    return np.array([information(counts), *of_each])


def _entry(
    table: Float[np.ndarray, "cameras values"],
    nats: float,
    by_chance: Float[np.ndarray, " permutations"],
    num_bursts: int,
) -> dict[str, float]:
    whole, chance = entropy(table.sum(axis=0)), float(by_chance.mean())
    corrected = max(0.0, float(nats) - information_bias(table, num_bursts))
    # Rounding must not make a difference of tables that are the same.
    as_much = int((by_chance >= nats - 1e-12).sum())
    return {
        "nats": float(nats),
        "chance_nats": chance,
        "corrected_nats": corrected,
        "entropy_nats": whole,
        "normalised": float(nats / whole),
        "corrected_normalised": min(1.0, corrected / whole),
        "adjusted": max(0.0, (float(nats) - chance) / max(whole - chance, 1e-12)),
        "p_value": (1 + as_much) / (1 + len(by_chance)),
    }
