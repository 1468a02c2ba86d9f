"""Stage `units`: which units carry each species, and what they respond to."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pandas as pd

from camtrap_jax import units
from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, replaced_folder, write_json, write_table
from camtrap_jax.study.patches import species_slugs, write_patches
from camtrap_jax.study.sample import finite_array, images_per_species, training_sample

PATCH_COLUMNS = [
    *("species", "rank", "unit", "patch", "image_id", "x", "y", "size", "response", "camera")
]


@dataclass(frozen=True)
class Information:
    """What each unit tells about each species; all arrays [units, species]."""

    nats: np.ndarray
    corrected: np.ndarray
    sign: np.ndarray
    p_value: np.ndarray  # nan when no permutations are asked for


def find_units(run: RunFolder, config: Config) -> None:
    """Writes RUN/units: information.csv, top_units.csv, patches.csv, patches/*.png, units.json.

    Raises:
      ValueError: responses are not finite, or a known species has no training image.
    """
    settings, classes = config.units, run.dataset.classes
    rows, labels = training_sample(
        run, images_per_species=settings.images_per_species, seed=settings.seed
    )
    responses = finite_array(run, f"unit_{settings.response}")[rows]
    information = _information(responses, labels, len(classes), config)
    top = units.top_units(
        information.nats, information.sign, count=settings.top_units, any_sign=settings.any_sign
    )
    patches = _patch_table(run, config, rows, labels, top)
    with replaced_folder(run.root / "units") as folder:
        write_table(folder / "information.csv", _information_table(information, classes))
        write_table(folder / "top_units.csv", _top_table(information, top, patches, classes))
        write_table(folder / "patches.csv", patches)
        write_patches(folder / "patches", patches, run.dataset, image_px=config.model.image_size)
        summary = {
            "response": settings.response,
            "num_bins": settings.num_bins,
            "permutations": settings.permutations,
            "any_sign": settings.any_sign,
            "units": responses.shape[1],
            "silent_units": int((responses == 0).all(axis=0).sum()),
            "patch_slugs": species_slugs(classes),
            "seed": settings.seed,
            **images_per_species(labels, classes, wanted=settings.images_per_species),
        }
        write_json(folder / "units.json", summary)


def _information(
    responses: np.ndarray, labels: np.ndarray, num_classes: int, config: Config
) -> Information:
    settings = config.units
    on_device, codes = jnp.asarray(responses), jnp.asarray(labels)
    bins = {"num_classes": num_classes, "num_bins": settings.num_bins}
    p_value = np.full((responses.shape[1], num_classes), np.nan)
    if settings.permutations:
        p_value = units.permutation_p_values(
            responses, labels, permutations=settings.permutations, seed=settings.seed, **bins
        )
    return Information(
        np.asarray(units.mutual_information(on_device, codes, **bins)),
        np.asarray(units.corrected_information(on_device, codes, **bins)),
        np.asarray(units.information_sign(on_device, codes, num_classes=num_classes)),
        p_value,
    )


def _information_table(information: Information, classes: list[str]) -> pd.DataFrame:
    num_units, num_classes = information.nats.shape
    columns = {
        "unit": np.repeat(np.arange(num_units), num_classes),
        "species": np.tile(np.array(classes, object), num_units),
        "nats": information.nats.ravel(),
        "nats_corrected": information.corrected.ravel(),
        "sign": np.where(information.sign.ravel() > 0, "+", "-"),
        "p_value": information.p_value.ravel(),
    }
    return pd.DataFrame(columns)


def _top_table(
    information: Information, top: np.ndarray, patches: pd.DataFrame, classes: list[str]
) -> pd.DataFrame:
    """One row a species and rank; purity over the cameras of the unit's patches."""
    cameras = patches.groupby(["species", "rank"])["camera"].agg(list).to_dict()
    rows = []
    for label, species in enumerate(classes):
        for rank, unit in enumerate(top[label][top[label] >= 0], start=1):
            of_patches = cameras.get((species, rank), [])
            rows.append(
                {
                    "species": species,
                    "rank": rank,
                    "unit": unit,
                    "nats": information.nats[unit, label],
                    "sign": "+" if information.sign[unit, label] > 0 else "-",
                    "camera_purity": units.camera_purity(of_patches),
                    "nats_corrected": information.corrected[unit, label],
                    "p_value": information.p_value[unit, label],
                    "patches": len(of_patches),
                    "cameras": len({camera for camera in of_patches if camera}),
                }
            )
    names = ["species", "rank", "unit", "nats", "sign", "camera_purity", "nats_corrected"]
    return pd.DataFrame(rows, columns=[*names, "p_value", "patches", "cameras"])


def _patch_table(
    run: RunFolder, config: Config, rows: np.ndarray, labels: np.ndarray, top: np.ndarray
) -> pd.DataFrame:
    """The hottest images of each top unit; an image on which the unit is silent shows no patch."""
    responses, cells = run.array("unit_max")[rows], run.array("unit_cell")[rows]
    map_height, map_width = read_json(run.root / "explain" / "explain.json")["map_shape"]
    index = run.index.set_index("row").loc[rows]
    shown = ~index["image_id"].isin(list(run.hidden)).to_numpy()
    tables = []
    for label, species in enumerate(run.dataset.classes):
        own = np.flatnonzero((labels == label) & shown)
        for rank, unit in enumerate(top[label][top[label] >= 0], start=1):
            hottest = own[units.hottest_images(responses[own, unit], config.units.patches)]
            hottest = hottest[responses[hottest, unit] > 0]
            x, y, size = units.patch_origin(
                cells[hottest, unit],
                (map_height, map_width),
                config.model.image_size,
                config.units.patch_px,
            )
            columns = {
                "species": species,
                "rank": rank,
                "unit": unit,
                "patch": np.arange(1, len(hottest) + 1),
                "image_id": index["image_id"].to_numpy()[hottest],
                "x": x,
                "y": y,
                "size": size,
                "response": responses[hottest, unit],
                "camera": index["camera"].to_numpy()[hottest],
            }
            tables.append(pd.DataFrame(columns))
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else pd.DataFrame(columns=PATCH_COLUMNS)
