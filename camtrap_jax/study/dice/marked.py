"""`mask_dice`: how maps, made sets of pixels in several ways, overlap marks on pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pandas as pd

from camtrap_jax.config import METHODS, Config, HumanConfig
from camtrap_jax.explain.faithfulness import pixel_importance
from camtrap_jax.explain.methods import OF_GALLERY
from camtrap_jax.explain.overlap import dice_sweep
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import write_json, write_table
from camtrap_jax.study.dice.marks import Marked, marked_images
from camtrap_jax.study.dice.places import dice_folder, explained_key
from camtrap_jax.study.dice.summaries import (
    FRACTION,
    FRACTIONS,
    INTERVAL,
    MASK_SIZE,
    Values,
    rows_of,
)
from camtrap_jax.study.sample import sequence_codes
from camtrap_jax.study.stages import check_has_ended

BINARISATIONS = {
    MASK_SIZE: "as many of the map's most important pixels as are marked",
    FRACTION: "the pixels above the threshold, a fraction of the map's maximum",
}
_IMAGES = 32  # whose maps are compared at a time


def compare_with_marks(run: RunFolder, config: Config, path: Path | None) -> pd.DataFrame | None:
    """Writes RUN/dice/mask_dice.csv, mask_dice_species.csv and mask_dice.json.

    Every stored method's maps, on test images whose map explains their own species, against what is
    marked on them. See `marked_images` and `dice_sweep`.

    Args:
      run: one that was explained.
      config: its settings.
      path: of people's marks; without, the diagnostic parts that a synthetic source planted.

    Returns:
      mask_dice.csv; None without marks.

    Raises:
      FileNotFoundError: nothing is at `path`.
      ValueError: the run was not explained, or the marks cannot be used.
    """
    check_has_ended("explain", run)
    marked = marked_images(run, config, path)
    if marked is None:
        return None
    found = {name: _sweep(run, marked, name) for name in METHODS if run.has_array(name)}
    bursts, settings = sequence_codes(marked.images), config.human
    table = pd.DataFrame(
        [
            {"map": name, **row}
            for name, (dice, chance) in found.items()
            for row in rows_of(dice, chance, bursts, settings)
        ]
    )
    folder = dice_folder(run)
    write_table(folder / "mask_dice.csv", table)
    write_table(folder / "mask_dice_species.csv", _by_species(marked, found, table, settings))
    write_json(
        folder / "mask_dice.json",
        {
            "marks": "planted diagnostic parts" if path is None else path.name,
            "counts": marked.counts,
            "notes": marked.notes,
            "share_of_frame": marked.masks.mean(),
            "binarisations": BINARISATIONS,
            "interval": INTERVAL,
            "bootstrap_rounds": settings.bootstrap_rounds,
            "seed": settings.seed,
            "explained": explained_key(run),
        },
    )
    return table


def best_thresholds(table: pd.DataFrame) -> dict[str, float]:
    """Returns each map's fraction of the maximum with the highest mean.

    It is chosen by the images that it is judged on, and so is a little too good.
    """
    swept = table.loc[(table["binarisation"] == FRACTION) & table["mean"].notna()]
    best = swept.loc[swept.groupby("map")["mean"].idxmax()]
    return dict(zip(best["map"], best["threshold"], strict=True))


def _sweep(run: RunFolder, marked: Marked, name: str) -> tuple[Values, Values]:
    """Returns Dice's coefficients of a method's maps, and those of chance."""
    rows = marked.images["map_row" if name in OF_GALLERY else "row"].to_numpy()
    parts = [
        _compiled_sweep(run.rows(name, rows[part]), marked.masks[part])
        for part in _parts(len(rows))
    ]
    dice, chance = (np.concatenate([np.asarray(part[k], float) for part in parts]) for k in (0, 1))
    return dice, chance


@jax.jit
def _compiled_sweep(maps: Any, masks: Any) -> Any:
    importance = pixel_importance(maps, masks.shape[1:])
    return dice_sweep(importance, masks, jnp.asarray(FRACTIONS, jnp.float32))


def _parts(count: int) -> Iterator[slice]:
    return (slice(start, start + _IMAGES) for start in range(0, count, _IMAGES))


def _by_species(
    marked: Marked,
    found: dict[str, tuple[Values, Values]],
    table: pd.DataFrame,
    settings: HumanConfig,
) -> pd.DataFrame:
    """Returns each species' rows of the mask's size and of the map's best threshold."""
    bursts, best = sequence_codes(marked.images), best_thresholds(table)
    rows = []
    for species, places in marked.images.groupby("species").indices.items():
        for name, (dice, chance) in found.items():
            own = rows_of(dice[places], chance[places], bursts[places], settings)
            chosen = [
                row for row in own
                if row["binarisation"] == MASK_SIZE or row["threshold"] == best.get(name)
            ]  # fmt: skip
            rows += [{"species": species, "map": name, **row} for row in chosen]
    return pd.DataFrame(rows)
