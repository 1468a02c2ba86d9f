"""Which units know the place rather than the animal."""

from __future__ import annotations

from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import pandas as pd

from camtrap_jax import units
from camtrap_jax.config import UnitsConfig
from camtrap_jax.data.boxes import read_box
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json
from camtrap_jax.study.units.information import Sample

HOTTEST = 0.1  # of the images with a box: those whose hottest cell is looked for in it
COLUMNS = (
    *("unit", "verdict", "fixed_place", "background_share"),
    *("camera_nats", "camera", "camera_given_species", "camera_by_chance", "camera_p_value"),
    *("species_given_camera", "species_by_chance", "species_p_value"),
    *("outside_box", "outside_by_chance", "boxed_images"),
)


@dataclass(frozen=True)
class InBoxes:
    """Where each unit's hottest cell lies in each image of the sample."""

    cells: np.ndarray  # [images, units], flat index into the map
    known: np.ndarray  # [images], whether there is a box
    inside: np.ndarray  # [images, units], whether the cell's centre lies in it
    share: np.ndarray  # [images], of the frame that the box takes


@dataclass(frozen=True)
class Background:
    """What is said about each unit, and what each tells of a species beyond the camera."""

    table: pd.DataFrame  # one row a unit, `COLUMNS`
    given_camera: np.ndarray  # [units, species]; nan with fewer than two cameras
    verdicts: list[str]


def measure_background(run: RunFolder, sample: Sample, settings: UnitsConfig) -> Background:
    """Asks each unit for the camera and for the species, each among images of one of the other.

    Images of no known camera are left out; with fewer than two cameras nothing can be said.
    """
    index = run.index.set_index("row").loc[sample.rows]
    cameras = index["camera"].to_numpy(object)
    known = np.flatnonzero(cameras != "")
    names, codes = np.unique(cameras[known].astype(str), return_inverse=True)
    num_units, num_classes = sample.responses.shape[1], len(run.classes)
    boxes = _in_boxes(run, sample, index)
    table = pd.DataFrame({"unit": np.arange(num_units), **_outside_boxes(sample, boxes)})
    if len(names) < 2:
        verdicts = ["unclear"] * num_units
        undefined = np.full((num_units, num_classes), np.nan)
        table = table.reindex(columns=COLUMNS).assign(verdict=verdicts)
        return Background(table, undefined, verdicts)
    bins = np.asarray(units.bin_of(jnp.asarray(sample.responses), sample.bins))[known]
    labels, bursts = sample.labels[known], sample.bursts[known]
    shuffles = {
        "num_bins": sample.bins.number,
        "permutations": settings.camera_permutations,
        "seed": settings.seed,
    }
    camera = units.conditional_information(bins, codes, labels, bursts, **shuffles)
    species = units.conditional_information(bins, labels, codes, bursts, **shuffles)
    share = units.background_share(camera, species)
    place = units.fixed_place(
        sample.responses[known], boxes.cells[known], codes, bursts, boxes.inside[known]
    )
    verdicts = units.verdicts(place, share, camera, species, level=settings.significance)
    found = table.assign(
        verdict=verdicts,
        fixed_place=place,
        background_share=share,
        **_most_telling_camera(sample, known, codes, names),
        camera_given_species=camera.nats,
        camera_by_chance=camera.by_chance,
        camera_p_value=camera.p_value,
        species_given_camera=species.nats,
        species_by_chance=species.by_chance,
        species_p_value=species.p_value,
    )
    given_camera = units.information_given(
        bins, labels, codes, num_classes=num_classes, num_bins=sample.bins.number
    )
    return Background(found.reindex(columns=COLUMNS), given_camera, verdicts)


def _most_telling_camera(
    sample: Sample, known: np.ndarray, codes: np.ndarray, names: np.ndarray
) -> dict[str, np.ndarray]:
    """The camera of which each unit's response tells most, one camera against the rest."""
    nats = np.asarray(
        units.corrected_information(
            jnp.asarray(sample.responses[known]),
            jnp.asarray(codes),
            num_classes=len(names),
            bins=sample.bins,
        )
    )
    best = nats.argmax(axis=1)
    highest = nats.max(axis=1)
    return {"camera_nats": highest, "camera": np.where(highest > 0, names[best], "")}


def _in_boxes(run: RunFolder, sample: Sample, index: pd.DataFrame) -> InBoxes:
    """Looks for the centre of each unit's hottest cell in the box of each image's animal."""
    boxes = np.array(
        [read_box(text) or (np.nan,) * 4 for text in index["bbox"].fillna("")], np.float64
    ).reshape(-1, 4)
    height, width = read_json(run.root / "explain" / "explain.json")["map_shape"]
    cells = run.rows("unit_cell", sample.rows)
    row, column = np.divmod(cells, width)
    left, top, across, down = boxes.T[..., None]
    x, y = (column + 0.5) / width - left, (row + 0.5) / height - top
    known = ~np.isnan(boxes[:, 0])
    inside = (x >= 0) & (x < across) & (y >= 0) & (y < down)  # nan: not inside
    return InBoxes(cells, known, inside, (across * down)[:, 0])


def _outside_boxes(sample: Sample, boxes: InBoxes) -> dict[str, np.ndarray]:
    """Share of each unit's hottest cells whose centre lies outside the animal's box.

    Over the tenth of the images with a box to which the unit responds most, and does respond.
    """
    boxed = np.flatnonzero(boxes.known)
    num_units = sample.responses.shape[1]
    outside, by_chance = np.full(num_units, np.nan), np.full(num_units, np.nan)
    counts = np.zeros(num_units, int)
    for unit in range(num_units) if boxed.size else ():
        responses = sample.responses[boxed, unit]
        hottest = units.hottest_images(responses, max(1, round(HOTTEST * boxed.size)))
        hottest = boxed[hottest[responses[hottest] > 0]]
        if hottest.size:
            outside[unit], counts[unit] = 1 - boxes.inside[hottest, unit].mean(), hottest.size
            by_chance[unit] = 1 - boxes.share[hottest].mean()
    return {"outside_box": outside, "outside_by_chance": by_chance, "boxed_images": counts}
