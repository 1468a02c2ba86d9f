"""Which species and cameras the network may know by their background."""

from __future__ import annotations

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
from camtrap_jax.study.sample import sequence_codes

_ROWS = 256  # maps that are held at once
_COLUMNS = ("images", "sequences", "outside", "low", "high", "by_chance")


def write_background(run: RunFolder, config: Config) -> None:
    """Writes RUN/quality/background.csv and background_cameras.csv, the most suspicious first.

    The share of the marks that lie outside the animal's box: of guided Grad-CAM's strongest
    hundredth of pixels, or of Grad-CAM's where that is not stored. Over test images of known
    species that have a box; intervals resample bursts. `by_chance` is the frame's share outside.
    Nothing is written where no image has a box or no map is stored.
    """
    images = _boxed_images(run)
    if images is None or images.empty:
        return
    for column, name in (("species", "background"), ("camera", "background_cameras")):
        groups = images.loc[images[column] != ""].groupby(column, sort=True)
        rows = [{column: key, **_summary(part, config)} for key, part in groups]
        table = pd.DataFrame(rows, columns=[column, *_COLUMNS])
        ranked = table.sort_values(by=["outside", "images"], ascending=False, kind="stable")
        write_table(run.root / "quality" / f"{name}.csv", ranked)


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


def _summary(images: pd.DataFrame, config: Config) -> dict[str, float]:
    """Returns a mean over images; bursts are resampled whole, as their frames are alike."""
    known = images.loc[images["outside"].notna()].reset_index(drop=True)
    if known.empty:
        return {"images": 0, "sequences": 0}
    values = known["outside"].to_numpy(float)
    codes = sequence_codes(known)
    sums, counts = np.bincount(codes, values), np.bincount(codes)

    def mean(weights: Float[np.ndarray, "rounds sequences"]) -> Float[np.ndarray, " rounds"]:
        return weights @ sums / (weights @ counts)

    settings = config.quality
    low, high = bootstrap_interval(
        mean, np.zeros_like(counts), rounds=settings.bootstrap_rounds, seed=settings.seed
    )
    return {
        "images": len(values),
        "sequences": len(counts),
        "outside": values.mean(),
        "low": low,
        "high": high,
        "by_chance": known["by_chance"].mean(),
    }
