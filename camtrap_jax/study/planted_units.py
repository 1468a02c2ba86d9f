"""Holds the units against what was planted: parts of animals, and landmarks at cameras."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import hypergeom
from sklearn.metrics import roc_auc_score

from camtrap_jax.config import Config
from camtrap_jax.data.decoding.parallel import ordered_map
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, read_table
from camtrap_jax.study.planted import PlantedTruth
from camtrap_jax.study.sample import training_sample
from camtrap_jax.units.background import HOTTEST

MOST = 0.5  # share of them that decides

Cells = Bool[np.ndarray, "images cells"]


@dataclass(frozen=True)
class PlantedCells:
    """In which cells of the unit map each image of the stage's sample shows what."""

    labels: np.ndarray
    responses: Float[np.ndarray, "images units"]
    hottest: np.ndarray  # [images, units], the flat index of each unit's hottest cell
    parts: Cells  # that tell the species from others
    animal: Cells
    landmark: Cells  # of a camera to which a species was bound


def planted_cells(run: RunFolder, config: Config, truth: PlantedTruth) -> PlantedCells:
    """Reads the masks of the images that stage `units` looked at; mislabelled ones are left out."""
    settings = config.units
    rows, labels = training_sample(
        run, images_per_species=settings.images_per_species, seed=settings.seed
    )
    index = run.index.set_index("row").loc[rows]
    honest = index["filepath"].map(truth.is_honest).to_numpy(bool)
    rows, labels, index = rows[honest], labels[honest], index[honest]
    shape = tuple(read_json(run.root / "explain" / "explain.json")["map_shape"])
    crop, size_px = config.data.crop_bottom, config.model.image_size

    def cells_of(row: dict) -> np.ndarray:
        mask = truth.mask(row["filepath"], crop_bottom=crop, size_px=size_px)
        parts = truth.diagnostic_parts(row["species"])
        landmark = _landmark(truth, row["camera"], mask.shape, crop) & (mask == 0)
        return np.stack(
            [_any_in_cells(found, shape) for found in (np.isin(mask, parts), mask > 0, landmark)]
        )

    found = np.stack(list(ordered_map(cells_of, index.to_dict("records"))))
    return PlantedCells(
        labels,
        run.rows(f"unit_{settings.response}", rows),
        run.rows("unit_cell", rows),
        *np.moveaxis(found.reshape(*found.shape[:2], -1), 1, 0),
    )


def part_test(run: RunFolder, cells: PlantedCells, *, patches: int) -> tuple[int, float, float]:
    """Tests whether units that respond to a species' telling parts are among its top units.

    A unit responds to them where, in most of the images of the species to which it responds most
    (as many as it has patches), its hottest cell shows such a part. How many of these units are top
    ones is compared with as many units drawn at random, species by species.

    Returns:
      How many top units respond to the parts, how many would by chance, and the probability of
      so many or more (exact: a sum of hypergeometric numbers).
    """
    top = read_table(run.root / "units" / "top_units.csv")
    num_units = cells.responses.shape[1]
    found, expected, distribution = 0, 0.0, np.ones(1)
    for label, species in enumerate(run.classes):
        best = top.loc[top["species"] == species, "unit"].to_numpy()
        share = _share_of_hottest(
            cells, cells.parts, np.flatnonzero(cells.labels == label), patches
        )
        responds = share > MOST
        found += int(responds[best].sum())
        expected += len(best) * responds.mean()
        by_chance = hypergeom.pmf(
            np.arange(len(best) + 1), num_units, int(responds.sum()), len(best)
        )
        distribution = np.convolve(distribution, by_chance)
    return found, expected, float(min(distribution[found:].sum(), 1.0))


def background_auroc(run: RunFolder, cells: PlantedCells) -> dict[str, tuple[float, int]]:
    """Tells how well `fixed_place` ranks the units that do respond to the background.

    Returns:
      The area under the ROC curve, and the number of such units, for those of which most of the
      hottest cells show a planted landmark, and for those of which most show no part of an animal.
      nan where there are none, or nothing else.
    """
    table = read_table(run.root / "units" / "background.csv")
    score = table["fixed_place"].to_numpy(float)
    everything = np.arange(len(cells.labels))
    found = {}
    for name, shown in (("a landmark", cells.landmark), ("no animal", ~cells.animal)):
        share = _share_of_hottest(cells, shown, everything, HOTTEST)
        judged = np.isfinite(share) & np.isfinite(score)
        truth = share[judged] > MOST
        is_mixed = 0 < truth.sum() < len(truth)
        auroc = roc_auc_score(truth, score[judged]) if is_mixed else float("nan")
        found[name] = float(auroc), int(truth.sum())
    return found


def _share_of_hottest(
    cells: PlantedCells, shown: Cells, images: np.ndarray, count: int
) -> Float[np.ndarray, " units"]:
    """Share of each unit's `count` hottest of some images whose hottest cell shows something.

    Images on which the unit is silent do not count; nan for a unit that is silent on all.
    """
    responses, places = cells.responses[images], cells.hottest[images]
    order = np.argsort(-responses, axis=0, kind="stable")[:count]
    active = np.take_along_axis(responses, order, axis=0) > 0
    at = np.take_along_axis(places, order, axis=0)
    hits = shown[images[order], at] & active
    total = active.sum(axis=0)
    return np.divide(hits.sum(axis=0), total, out=np.full(len(total), np.nan), where=total > 0)


def _any_in_cells(mask: Bool[np.ndarray, "h w"], shape: tuple[int, int]) -> np.ndarray:
    """Tells which cells of a map that covers the mask evenly hold any of its pixels."""
    rows = np.arange(mask.shape[0]) * shape[0] // mask.shape[0]
    columns = np.arange(mask.shape[1]) * shape[1] // mask.shape[1]
    cells = np.zeros(shape, bool)
    inside = np.nonzero(mask)
    cells[rows[inside[0]], columns[inside[1]]] = True
    return cells


def _landmark(
    truth: PlantedTruth, camera: str, shape: tuple[int, ...], crop: float
) -> Bool[np.ndarray, "h w"]:
    """The box of a camera's landmark, nothing where it has none."""
    box = truth.values["cameras"].get(camera, {}).get("landmark_box")
    found = np.zeros(shape, bool)
    if box is not None:
        left, top, width, height = (value * side for value, side in zip(box, shape[::-1] * 2,
                                                                        strict=True))  # fmt: skip
        kept = 1 - crop
        rows = slice(round(top / kept), round((top + height) / kept))
        found[rows, round(left) : round(left + width)] = True
    return found
