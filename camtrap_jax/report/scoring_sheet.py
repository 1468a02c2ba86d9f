"""The page on which raters tick what they see on maps; one file that works without a network."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from camtrap_jax import __version__
from camtrap_jax.explain.render import panel
from camtrap_jax.human.answers import COLUMNS, OFFERED, TYPED, Sheet
from camtrap_jax.report.page import make_environment
from camtrap_jax.report.pictures import Pictures
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import atomic_path

MAP = "guided_grad_cam"
_QUALITY = 86  # of the JPEGs in the page


def write_sheet(path: Path, run: RunFolder, sheet: Sheet, words: Sequence[str]) -> None:
    """Writes the scoring sheet: each image beside its guided Grad-CAM, under the species' name.

    Args:
      path: of the page.
      run: with the stored maps.
      sheet: what is asked. The page does not say of what kind a feature is.
      words: suggested where a rater writes what else is marked, so that raters use the same.
    """
    pictures = Pictures(run, path.parent)
    species = [
        {
            "name": name,
            "features": features,
            "images": [
                {"id": one, "picture": _picture(pictures, one)} for one in sheet.images[name]
            ],
        }
        for name, features in sheet.features.items()
    ]
    data = {
        "sheet": sheet.name,
        "columns": COLUMNS,
        "kinds": [OFFERED, TYPED],
        "species": species,
        "words": words,
    }
    template = make_environment().get_template("scoring_sheet.html.j2")
    with atomic_path(path) as temporary:
        temporary.write_text(template.render(data=data, version=__version__), encoding="utf-8")


def _picture(pictures: Pictures, image_id: str) -> str:
    """Returns an image beside its map, as an address that holds the picture itself."""
    frame = pictures.frame(image_id)
    views: list[np.ndarray | None] = [frame, pictures.drawn(MAP, image_id, frame)]
    joined = panel([view for view in views if view is not None])
    stream = io.BytesIO()
    # Full chroma resolution, as in the report: a saliency's colours sit on edges one pixel wide.
    Image.fromarray(joined).save(stream, "JPEG", quality=_QUALITY, subsampling=0, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
