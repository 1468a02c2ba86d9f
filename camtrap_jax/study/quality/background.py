"""Which species and cameras the network may know by their background."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import jax.numpy as jnp
import numpy as np
import pandas as pd
from jaxtyping import Float

from camtrap_jax.config import Config
from camtrap_jax.data.boxes import read_box
from camtrap_jax.evaluation import bootstrap_interval
from camtrap_jax.explain.faithfulness import pixel_importance
from camtrap_jax.explain.localisation import box_masks, strongest_inside
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import write_table
from camtrap_jax.study.quality.results import known_mean
from camtrap_jax.study.sample import sequence_codes

_ROWS = 256  # maps that are held at once
_MARKS = ("images", "sequences", "outside", "low", "high", "by_chance")
_ANSWERS = ("at_home", "moved", "empty_home", "empty_moved")
_COUNTS = ("images", "sequences", "moved_images")


def write_background(run: RunFolder, config: Config, moved: pd.DataFrame | None) -> None:
    """Writes RUN/quality/background.csv and background_cameras.csv, the most suspicious first.

    Over test images of known species with a box; intervals resample bursts:

    - `lost`: the probability that a species loses when the animal stands before another camera's
      background, and what else `moving.move_animals` returns: what the network needs of the place.
    - `changed`, in its place for cameras: a place that helps its own species misleads others, so
      that gains count as losses do.
    - `alone`: how much more probable the species is before a background of its camera than before
      another's, without any animal: what the place is enough for.
    - `by_place`: the greater of the two, which decides the order. A network that knows the animal
      as well as the place loses nothing, and still finds the animal where only its place is.
    - `outside`: the share of the marks that lie outside the box, of guided Grad-CAM's strongest
      hundredth of pixels, or of Grad-CAM's where that is not stored; `by_chance` is the frame's.

    Nothing is written where no image has a box, or where there is neither measure.

    Args:
      run: the run.
      config: its settings.
      moved: what `moving.move_animals` returns.
    """
    marks = _boxed_images(run)
    for column, measure, name in (
        ("species", "lost", "background"),
        ("camera", "changed", "background_cameras"),
    ):
        measures = (measure, "alone")
        answers = _grouped(moved, column, partial(_moved_summary, measures=measures, config=config))
        shares = _grouped(marks, column, partial(_marks_summary, config=config))
        intervals = itertools.chain.from_iterable(map(_interval, measures))
        columns = ("moved_images", "by_place", *intervals, *_ANSWERS, *_MARKS)
        table = answers.join(shares, how="outer").reindex(columns=columns)
        if table.empty:
            continue
        ranked = table.sort_values(["by_place", "outside", "images"], ascending=False)
        ranked = ranked.astype(dict.fromkeys(_COUNTS, "Int64")).reset_index(names=column)
        write_table(run.root / "quality" / f"{name}.csv", ranked)


def _grouped(
    images: pd.DataFrame | None,
    column: str,
    summary: Callable[[pd.DataFrame], dict[str, float]],
) -> pd.DataFrame:
    """Summarises the images of each species, or camera, in rows of that name."""
    known = images.loc[images[column] != ""] if images is not None else pd.DataFrame({column: []})
    rows = {key: summary(part) for key, part in known.groupby(column)}
    return pd.DataFrame.from_dict(rows, orient="index", dtype=float)


def _interval(measure: str) -> tuple[str, str, str]:
    return measure, f"{measure}_low", f"{measure}_high"


def _boxed_images(run: RunFolder) -> pd.DataFrame | None:
    """Returns test images with boxes and stored maps, and how much of their marks is outside."""
    name = "guided_grad_cam" if run.has_array("guided_grad_cam") else "grad_cam"
    if not run.has_array(name):
        return None
    index = run.index
    test = index.loc[
        (index["split"] == "test") & index["species"].isin(run.classes) & (index["bbox"] != "")
    ]
    if name == "guided_grad_cam":
        stored = run.maps_index.drop_duplicates("image_id").set_index("image_id")["row"]
        test = test.loc[test["image_id"].isin(stored.index)]
        test = test.assign(map=stored.loc[test["image_id"]].to_numpy())
    else:
        test = test.assign(map=test["row"])
    outside, by_chance = _outside(run, name, test)
    return test.assign(outside=outside, by_chance=by_chance).reset_index(drop=True)


def _outside(run: RunFolder, name: str, images: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    side = run.config.model.image_size
    boxes = np.array([read_box(text) for text in images["bbox"]], np.float32)
    rows, shares, chances = images["map"].to_numpy(), [], []
    for start in range(0, len(images), _ROWS):
        part = slice(start, start + _ROWS)
        maps = jnp.asarray(run.rows(name, rows[part]), jnp.float32)
        masks = box_masks(jnp.asarray(boxes[part]), (side, side))
        shares.append(1 - strongest_inside(pixel_importance(maps, (side, side)), masks))
        chances.append(1 - masks.mean((1, 2)))
    empty = [np.zeros(0)]
    return np.concatenate(shares or empty), np.concatenate(chances or empty)


def _marks_summary(images: pd.DataFrame, config: Config) -> dict[str, float]:
    mean = _burst_mean(images, "outside", config)
    return {
        "images": mean.images,
        "sequences": mean.sequences,
        "outside": mean.value,
        "low": mean.low,
        "high": mean.high,
        "by_chance": known_mean(images["by_chance"].to_numpy(float)[images["outside"].notna()]),
    }


def _moved_summary(
    images: pd.DataFrame, measures: tuple[str, ...], config: Config
) -> dict[str, float]:
    means = {measure: _burst_mean(images, measure, config) for measure in measures}
    found = {
        name: value
        for measure, mean in means.items()
        for name, value in zip(_interval(measure), (mean.value, mean.low, mean.high), strict=True)
    }
    return {
        "moved_images": means[measures[0]].images,
        "by_place": max(mean.value for mean in means.values()),
        **found,
        **{name: known_mean(images[name].to_numpy(float)) for name in _ANSWERS},
    }


@dataclass(frozen=True)
class _Mean:
    """A mean over images, of how many in how many bursts, and its interval."""

    images: int
    sequences: int
    value: float
    low: float
    high: float


def _burst_mean(images: pd.DataFrame, column: str, config: Config) -> _Mean:
    """Averages over images; bursts are resampled whole, as their frames are alike."""
    known = images.loc[images[column].notna()].reset_index(drop=True)
    if known.empty:
        return _Mean(0, 0, np.nan, np.nan, np.nan)
    values = known[column].to_numpy(float)
    codes = sequence_codes(known)
    sums, counts = np.bincount(codes, values), np.bincount(codes)

    def mean(weights: Float[np.ndarray, "rounds sequences"]) -> Float[np.ndarray, " rounds"]:
        return weights @ sums / (weights @ counts)

    settings = config.quality
    low, high = bootstrap_interval(
        mean, np.zeros_like(counts), rounds=settings.bootstrap_rounds, seed=settings.seed
    )
    return _Mean(len(values), len(counts), values.mean(), low, high)
