"""A detector's results: which pictures have an animal in them, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap_jax.data.sources.json_text import parse_json
from camtrap_jax.data.sources.megadetector import Boxes, match_names, read_boxes
from camtrap_jax.data.sources.values import parse_path


@dataclass(frozen=True)
class Detections:
    """A results file, matched with pictures.

    Attributes:
      results: as the file has them.
      boxes: what of them is used.
      names: a picture's path -> its path in the results.
    """

    results: dict[str, Any]
    boxes: Boxes
    names: dict[str, str]

    def detected(self, filepaths: Iterable[str]) -> list[str]:
        """Says `animal`, `person` or `none` of each picture; empty of those not in the results."""
        return [self._detected(self.names.get(path, "")) for path in filepaths]

    def entries(self) -> list[dict[str, Any]]:
        """Returns the file's entries, those of no picture among them."""
        return [entry for entry in self.results["images"] if isinstance(entry, dict)]

    def pictures(self) -> dict[str, str]:
        """Returns `file` of an entry -> the picture's path."""
        of_name = {name: path for path, name in self.names.items()}
        files = [str(entry.get("file")) for entry in self.entries()]
        return {file: of_name[parse_path(file)] for file in files if parse_path(file) in of_name}

    def _detected(self, name: str) -> str:
        if not name:
            return ""
        if name in self.boxes.animals:
            return "animal"
        return "person" if name in self.boxes.people else "none"


def read_detections(file: Path, filepaths: Iterable[str], min_confidence: float) -> Detections:
    """Reads MegaDetector results; paths may have one leading folder more or less.

    Raises:
      ValueError: the file is none, or lists none of the pictures.
    """
    boxes = read_boxes(file, min_confidence=min_confidence)
    results = parse_json(file.read_bytes(), str(file))
    return Detections(results, boxes, match_names(boxes, filepaths))
