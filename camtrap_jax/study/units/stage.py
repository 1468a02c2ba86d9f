"""Stage `units`: its tables and pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax.config import Config, UnitsConfig
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import replaced_folder, write_json, write_table
from camtrap_jax.study.sample import (
    finite_array,
    images_per_species,
    sequence_codes,
    training_sample,
)
from camtrap_jax.study.units.background import measure_background
from camtrap_jax.study.units.information import (
    Sample,
    make_bins,
    measure_information,
    ranked,
    redundancy_table,
)
from camtrap_jax.study.units.patches import (
    patch_table,
    species_slugs,
    write_original_patches,
    write_patches,
    write_sheets,
)
from camtrap_jax.study.units.tables import information_table, species_table, top_table

INTERVAL = (
    "low and high: 95 % basic bootstrap interval of nats_corrected over {rounds} fresh samples of "
    "whole bursts, drawn with replacement among the training images of each species"
)


def find_units(run: RunFolder, config: Config) -> None:
    """Writes RUN/units: tables of information, background, redundancy and patches, and pictures.

    Raises:
      ValueError: responses are not finite, or a known species has no training image.
    """
    settings, classes = config.units, run.dataset.classes
    responses = finite_array(run, f"unit_{settings.response}")
    sample = _sample(run, responses, settings)
    information = measure_information(run, responses, sample, settings)
    background = measure_background(run, sample, settings)
    top = ranked(information.nats, information.sign, settings)
    patches = patch_table(run, config, sample, top)
    best = top_table(information, background, top, patches, classes)
    redundancy = redundancy_table(sample, top, classes)
    with replaced_folder(run.root / "units") as folder:
        write_table(folder / "information.csv", information_table(information, background, classes))
        write_table(folder / "top_units.csv", best)
        write_table(folder / "species.csv", species_table(best, redundancy, classes))
        write_table(folder / "background.csv", background.table)
        write_table(folder / "redundancy.csv", redundancy)
        write_table(folder / "patches.csv", patches.drop(columns="burst"))
        _write_pictures(run, config, folder, patches)
        summary = {
            "response": settings.response,
            "binning": "given" if settings.edges else settings.binning,
            "num_bins": sample.bins.number,
            "permutations": settings.permutations,
            "rounds": settings.rounds,
            "interval": INTERVAL.format(rounds=settings.rounds) if settings.rounds else None,
            "any_sign": settings.any_sign,
            "units": responses.shape[1],
            "silent_units": int((sample.responses == 0).all(axis=0).sum()),
            "verdicts": dict(zip(*np.unique(background.verdicts, return_counts=True), strict=True)),
            "patch_slugs": species_slugs(classes),
            "seed": settings.seed,
            **images_per_species(sample.labels, classes, wanted=settings.images_per_species),
        }
        write_json(folder / "units.json", summary)


def _sample(run: RunFolder, responses: np.ndarray, settings: UnitsConfig) -> Sample:
    rows, labels = training_sample(
        run, images_per_species=settings.images_per_species, seed=settings.seed
    )
    bursts = sequence_codes(run.index.set_index("row", drop=False).loc[rows])
    drawn = responses[rows]
    return Sample(rows, labels, bursts, drawn, make_bins(drawn, settings))


def _write_pictures(run: RunFolder, config: Config, folder: Path, patches: pd.DataFrame) -> None:
    image_px = config.model.image_size
    write_patches(folder / "patches", patches, run.dataset, image_px=image_px)
    write_sheets(folder, patches, run.dataset.classes, places=config.units.patches)
    if config.units.original_patches:
        failures = write_original_patches(folder / "originals", patches, run, image_px=image_px)
        write_table(folder / "originals_failures.csv", failures)
