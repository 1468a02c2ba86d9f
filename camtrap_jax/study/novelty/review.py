"""The least familiar images, for somebody to look at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from camtrap_jax.report.pictures import Pictures
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.study.novelty.species import above
from camtrap_jax.study.sample import sequence_codes

COLUMNS = (
    *("rank", "image_id", "filepath", "camera", "species", "predicted", "probability"),
    *("unfamiliarity", "above_threshold", "nearest_species", "thumbnail"),
)
QUALITY = 80  # of the JPEGs


def review_table(
    run: RunFolder, images: pd.DataFrame, threshold: float, count: int
) -> pd.DataFrame:
    """Lists the least familiar images, one a burst, with the places of their thumbnails.

    There is no thumbnail of an image that shows people, unless `explain.show_people` says so, nor
    any where the dataset's records are gone.

    Args:
      run: the run folder.
      images: test and unknown images: `image_id, filepath, camera, sequence, species, predicted,
        probability, unfamiliarity, nearest_species`.
      threshold: of the known species; nan for none.
      count: length of the list at most.
    """
    falling = images.sort_values(by=["unfamiliarity", "image_id"], ascending=[False, True])
    falling = falling.dropna(subset=["unfamiliarity"]).reset_index(drop=True)
    first = ~pd.Series(sequence_codes(falling)).duplicated()
    chosen = falling.loc[first].head(count).reset_index(drop=True)
    hidden = run.hidden if run.dataset.records.is_dir() else set(chosen["image_id"])
    ranks = np.arange(1, len(chosen) + 1)
    table = chosen.assign(
        rank=ranks,
        above_threshold=above(chosen["unfamiliarity"].to_numpy(), threshold),
        thumbnail=[
            "" if image in hidden else f"review/{rank:03d}.jpg"
            for rank, image in zip(ranks, chosen["image_id"], strict=True)
        ],
    )
    return table[list(COLUMNS)]


def write_thumbnails(run: RunFolder, folder: Path, review: pd.DataFrame) -> None:
    """Draws the thumbnails anew from pixels, without anything of the source files' EXIF."""
    pictures = Pictures(run, folder)
    shown = review.loc[review["thumbnail"] != ""]
    for image_id, address in zip(shown["image_id"], shown["thumbnail"], strict=True):
        path = folder / address
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(pictures.frame(image_id)).save(path, quality=QUALITY, optimize=True)
