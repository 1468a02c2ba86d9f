"""The pictures of a dataset that was prepared before, so that they need not be decoded again."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from camtrap_jax.data.freshness import FILE
from camtrap_jax.data.pictures import Measured
from camtrap_jax.data.records import RecordSource
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json


class PreparedPictures:
    """What `pictures.csv` and the records of a complete dataset hold; nothing where there is none.

    Attributes:
      measured: of each file.
    """

    def __init__(self, root: Path, settings: dict[str, Any]):
        """Opens a dataset whose pictures were made with the same settings.

        Args:
          root: the dataset's folder; it may be missing, empty, of an older version or otherwise
            made, and then nothing of it is used.
          settings: whatever the pictures' pixels depend on.
        """
        self.measured: dict[str, Measured] = {}
        self._rows: dict[str, int] = {}
        dataset = DatasetFolder(root)
        if not (root / FILE).exists() or not dataset.has_pictures:
            return
        made_with = read_json(root / FILE).get("settings", {})
        if any(made_with.get(name) != value for name, value in settings.items()):
            return
        names = [field.name for field in dataclasses.fields(Measured)]
        for values in dataset.pictures[names].to_dict("records"):
            self.measured[values["filepath"]] = Measured(**values)
        paths = dataset.manifest["filepath"]
        self._rows = dict(zip(reversed(paths.tolist()), range(len(paths) - 1, -1, -1), strict=True))
        self._records = RecordSource(dataset.records)

    def jpeg(self, filepath: str) -> bytes:
        """Reads a picture.

        Raises:
          KeyError: the dataset does not have it.
        """
        return self._records[self._rows[filepath]]["image"]
