"""Which of the explained images a stage looks at."""

from __future__ import annotations

import numpy as np
import pandas as pd
from jaxtyping import Int, Shaped

from camtrap_jax.config import Config
from camtrap_jax.data.bursts import burst_names
from camtrap_jax.run_folder import RunFolder

READ_ROWS = 512  # of an array, that are read at once


def finite_array(run: RunFolder, name: str) -> np.ndarray:
    """Reads an array of `explain`.

    Raises:
      ValueError: a number in it is not finite.
    """
    values = run.array(name)
    _check_finite(run, name, values, np.arange(len(values)))
    return values


def finite_rows(
    run: RunFolder, name: str, rows: Int[np.ndarray, " images"]
) -> Shaped[np.ndarray, "images ..."]:
    """Reads some rows of an array of `explain`, and nothing else of it.

    Args:
      run: the run folder.
      name: of the array.
      rows: as `explained` numbers them, in any order; the result has theirs.

    Raises:
      ValueError: a number in these rows is not finite.
    """
    rows = np.asarray(rows, np.int64)
    # In the array's order and a part at a time: a read holds every chunk that it touches, whole.
    order = np.argsort(rows, kind="stable")
    parts = [order[start : start + READ_ROWS] for start in range(0, max(len(rows), 1), READ_ROWS)]
    first = run.rows(name, rows[parts[0]])
    values = np.empty((len(rows), *first.shape[1:]), first.dtype)
    values[parts[0]] = first
    for part in parts[1:]:
        values[part] = run.rows(name, rows[part])
    _check_finite(run, name, values, rows)
    return values


def _check_finite(run: RunFolder, name: str, values: np.ndarray, rows: np.ndarray) -> None:
    bad = rows[~np.isfinite(values).all(axis=tuple(range(1, values.ndim)))]
    if bad.size:
        raise ValueError(
            f"{run.root / 'explain' / name}.zarr: {bad.size} of {len(values)} rows are not finite, "
            f"the first is row {bad.min()}; did the training diverge? lower train.learning_rate"
        )


def rows_of(index: pd.DataFrame, species: str, split: str) -> Int[np.ndarray, " images"]:
    """Rows of a species in a split, in the order of their image ids."""
    chosen = index.loc[(index["species"] == species) & (index["split"] == split)]
    return np.asarray(chosen.sort_values(by="image_id")["row"], np.int64)


def split_images(
    index: pd.DataFrame, split: str, classes: list[str]
) -> tuple[pd.DataFrame, Int[np.ndarray, " images"], Int[np.ndarray, " images"]]:
    """Returns the images of a split, their rows of the arrays, and their labels."""
    images = index.loc[index["split"] == split].reset_index(drop=True)
    labels = pd.Index(classes).get_indexer(pd.Index(images["species"]))
    return images, np.asarray(images["row"], np.int64), labels


def sampled_rows(
    rows: Int[np.ndarray, " images"], count: int, seed: list[int]
) -> Int[np.ndarray, " sampled"]:
    """Draws `count` rows without replacement, keeping their order; all if there are fewer."""
    if len(rows) <= count:
        return rows
    return rows[np.sort(np.random.default_rng(seed).choice(len(rows), count, replace=False))]


def resampled_rows(
    rows: Int[np.ndarray, " images"],
    bursts: Int[np.ndarray, " images"],
    count: int,
    seed: list[int],
) -> Int[np.ndarray, " sampled"]:
    """Draws whole bursts with replacement until `count` rows are there; the last may be cut.

    Args:
      rows: to draw from, at least one.
      bursts: number of the burst of each.
      count: how many rows are wanted.
      seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(bursts, kind="stable")
    members = np.split(rows[order], np.flatnonzero(np.diff(bursts[order])) + 1)
    drawn: list[np.ndarray] = []
    found = 0
    while found < count:
        drawn.append(members[rng.integers(len(members))])
        found += len(drawn[-1])
    return np.concatenate(drawn)[:count]


def training_sample(
    run: RunFolder, *, images_per_species: int, seed: int
) -> tuple[Int[np.ndarray, " images"], Int[np.ndarray, " images"]]:
    """Draws training images of every known species.

    A species' draw depends on the seed, its class index and its own images, on nothing else.

    Returns:
      Rows of the arrays, and their labels; classes in order.

    Raises:
      ValueError: a known species has no training image.
    """
    rows = []
    for label, species in enumerate(run.classes):
        available = rows_of(run.explained, species, "train")
        if not available.size:
            raise ValueError(
                f"{run.root / 'explain' / 'index.csv'}: known species {species!r} has no training "
                "image; run `camtrap explain` again, or prepare the dataset without it"
            )
        rows.append(sampled_rows(available, images_per_species, [seed, label]))
    counts = [len(part) for part in rows]
    return np.concatenate(rows), np.repeat(np.arange(len(rows)), counts)


def centroid_sample(
    run: RunFolder, config: Config
) -> tuple[Int[np.ndarray, " images"], Int[np.ndarray, " images"]]:
    """Draws the training images behind the centroids, the same for every stage.

    Returns:
      Rows of the arrays, and their labels; classes in order.

    Raises:
      ValueError: a known species has no training image.
    """
    settings = config.tree
    return training_sample(run, images_per_species=settings.images_per_species, seed=settings.seed)


def sequence_codes(images: pd.DataFrame) -> Int[np.ndarray, " images"]:
    """Numbers the sequence of each image, in the order of their names; one in none is alone.

    Args:
      images: columns `image_id`, `camera` and `sequence`. A sequence is one per camera.
    """
    bursts = zip(burst_names(images), images["image_id"], strict=True)
    names = np.array([burst or f"image {name}" for burst, name in bursts], object)
    codes, _ = pd.factorize(names, sort=True)
    return codes.astype(np.int64)


def images_per_species(
    labels: Int[np.ndarray, " images"], names: list[str], *, wanted: int
) -> dict[str, object]:
    """Describes a sample for a JSON file: how many images were wanted and found per species."""
    counts = np.bincount(labels, minlength=len(names)).tolist()
    return {
        "images_per_species": wanted,
        "images": dict(zip(names, counts, strict=True)),
        "species_with_fewer": [n for n, c in zip(names, counts, strict=True) if c < wanted],
    }
