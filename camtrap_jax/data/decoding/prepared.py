"""The pictures of a dataset that was prepared before, so that they need not be decoded again."""

from __future__ import annotations

import dataclasses
import zlib
from pathlib import Path
from typing import Any

import pandas as pd

from camtrap_jax.data.decoding.pictures import Measured
from camtrap_jax.data.freshness import FILE
from camtrap_jax.data.records import RecordSource
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import read_json


class PreparedPictures:
    """What `pictures.csv` and the records of a complete dataset hold; nothing where there is none.

    Attributes:
      measured: of each file whose JPEG is there, as its checksum tells.
    """

    def __init__(self, root: Path, settings: dict[str, Any]):
        """Opens a dataset whose pictures were made with the same settings.

        Args:
          root: the dataset's folder; it may be missing, damaged, of an older version or otherwise
            made, and then what of it cannot be trusted is not used.
          settings: whatever the pictures' pixels depend on.
        """
        self.measured: dict[str, Measured] = {}
        self._rows: dict[str, int] = {}
        try:
            self._open(DatasetFolder(root), settings)
        # Tables and records that somebody edited, cut off or deleted fail in many ways; whichever
        # it is, the pictures are decoded anew.
        except Exception:
            self.measured = {}

    def _open(self, dataset: DatasetFolder, settings: dict[str, Any]) -> None:
        made_with = read_json(dataset.root / FILE)["settings"]
        if any(made_with.get(name) != value for name, value in settings.items()):
            return
        names = [field.name for field in dataclasses.fields(Measured)]
        files = pd.DataFrame(dataset.pictures, columns=names).to_dict("records")
        self._records = RecordSource(dataset.records)
        paths = dataset.manifest["filepath"].tolist()
        self._rows = dict(zip(reversed(paths), range(len(paths) - 1, -1, -1), strict=True))
        for row in files:
            values: dict[str, Any] = {str(name): value for name, value in row.items()}
            jpeg = self.jpeg(values["filepath"])
            if zlib.crc32(jpeg) == values["jpeg_crc32"]:
                self.measured[values["filepath"]] = Measured(**values)

    def jpeg(self, filepath: str) -> bytes:
        """Reads a picture.

        Raises:
          KeyError: the dataset does not have it.
        """
        return self._records[self._rows[filepath]]["image"]
