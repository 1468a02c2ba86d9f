"""The truth that a synthetic source planted, and its part masks as the network saw them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json


@dataclass(frozen=True)
class PlantedTruth:
    """`truth.json` of a synthetic source."""

    source: Path
    values: dict[str, Any]

    def is_honest(self, filepath: str) -> bool:
        """Tells whether a frame shows the species that its label says."""
        key = _key(filepath)
        return key in self.values["images"] and not self.is_mislabelled(filepath)

    def is_mislabelled(self, filepath: str) -> bool:
        """Tells whether a frame was filed under another species on purpose."""
        return _key(filepath) in self.values["mislabelled"]

    def diagnostic_parts(self, species: str) -> list[int]:
        """Returns the values that a mask has on the parts that tell a species from others."""
        parts = self.values["parts"]
        return [parts.index(name) for name in self.values["species"][species]["diagnostic_parts"]]

    def mask(self, filepath: str, *, crop_bottom: float, size_px: int) -> UInt8[np.ndarray, "h w"]:
        """Reads a frame's part mask, 0 = background, cut and squashed as the pixels were."""
        path = self.source / "masks" / self.values["images"][_key(filepath)]["mask"]
        with Image.open(path) as mask:
            height = round(mask.height * (1 - crop_bottom))
            square = mask.crop((0, 0, mask.width, height)).resize(
                (size_px, size_px), Image.Resampling.NEAREST
            )
            return np.asarray(square)


def read_planted_truth(run: RunFolder) -> PlantedTruth | None:
    """Reads the truth of a run's source; None where there is none."""
    if run.source is None or not (path := run.source / "truth.json").exists():
        return None
    return PlantedTruth(run.source, read_json(path))


def _key(filepath: str) -> str:
    """Turns a manifest's path into one of truth.json, which counts from `images/`."""
    return filepath.removeprefix("images/")
