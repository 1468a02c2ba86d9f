"""Where a study's files lie, and how the stages read one another's results."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.config import Config, config_from_dict
from camtrap_jax.store import hash_file, hash_json, open_array, read_array, read_json, read_table

PREPARED = "prepare.json"  # of a dataset: what it was prepared from, and how
CLASSES = "classes.json"  # of a dataset, and of a run, which may outlive its dataset


@dataclass(frozen=True)
class DatasetFolder:
    """A prepared dataset: `manifest.csv`, `classes.json`, `records/` and the rest."""

    root: Path

    @cached_property
    def manifest(self) -> pd.DataFrame:
        """One row an image, in the order of the records.

        Raises:
          ValueError: the file is not as `camtrap prepare` wrote it.
        """
        path = self._existing("manifest.csv")
        prepared = self.root / PREPARED
        written = read_json(prepared).get("manifest_sha256") if prepared.exists() else None
        if written is not None and hash_file(path) != written:
            raise ValueError(
                f"{path}: was edited since it was prepared, and its rows may fit the records no "
                "more; `camtrap prepare --overwrite` makes the dataset anew"
            )
        return read_table(path)

    @cached_property
    def classes(self) -> list[str]:
        """The known species; a label is an index into this list."""
        return read_json(self._existing(CLASSES))["known"]

    @cached_property
    def unknown(self) -> list[str]:
        """The species that the network is not trained on."""
        return read_json(self._existing(CLASSES))["unknown"]

    @property
    def has_pictures(self) -> bool:
        """Tells whether there is a table of the files; older versions wrote none."""
        return (self.root / "pictures.csv").exists()

    @cached_property
    def pictures(self) -> pd.DataFrame:
        """One row a file: its size, hashes, and what its picture shows."""
        return read_table(self._existing("pictures.csv"))

    @cached_property
    def digest(self) -> str:
        """Hash of the manifest, which names every image's content, and of who shows people."""
        return hash_json([hash_file(self._existing("manifest.csv")), sorted(self.people)])

    @cached_property
    def people(self) -> frozenset[str]:
        """Images that show people, by their `image_id`, under whatever label."""
        if not self.has_pictures:
            return frozenset()
        files = self.pictures.loc[self.pictures["people"] == 1, "filepath"]
        return frozenset(self.manifest.loc[self.manifest["filepath"].isin(files), "image_id"])

    @cached_property
    def source(self) -> Path | None:
        """The images that it was prepared from, where they lay then."""
        path = self.root / PREPARED
        return Path(read_json(path)["source"]) if path.exists() else None

    @property
    def records(self) -> Path:
        """Folder of the TFDS records."""
        return self.root / "records"

    def _existing(self, name: str) -> Path:
        path = self.root / name
        if not path.exists():
            raise FileNotFoundError(
                f"{path}: not found; is {self.root} a dataset that `camtrap prepare` finished?"
            )
        return path


@dataclass(frozen=True)
class RunFolder:
    """A run: one network on one dataset, with everything found out about it."""

    root: Path

    @cached_property
    def config(self) -> Config:
        """The settings the run was made with."""
        return config_from_dict(read_json(self._existing("config.json", "train")))

    @cached_property
    def dataset(self) -> DatasetFolder:
        """The dataset that the run was trained on."""
        return DatasetFolder(self.root / self.provenance["dataset"])

    @property
    def has_network(self) -> bool:
        """Whether anything was trained; where not, the settings may still change."""
        checkpoints = self.root / "checkpoints"
        started = checkpoints.is_dir() and any(checkpoints.iterdir())
        return started or (self.root / "weights.safetensors").exists()

    @cached_property
    def classes(self) -> list[str]:
        """The known species, also where the dataset is gone."""
        return self._species["known"]

    @cached_property
    def unknown(self) -> list[str]:
        """The species that the network was not trained on, also where the dataset is gone."""
        return self._species["unknown"]

    @cached_property
    def provenance(self) -> dict[str, Any]:
        """Where the run comes from: `dataset` (relative to the run, or absolute), versions, ..."""
        return read_json(self._existing("provenance.json", "train"))

    @property
    def weights(self) -> Path:
        """The trained network, under torchvision's names."""
        return self._existing("weights.safetensors", "train")

    @cached_property
    def source(self) -> Path | None:
        """Folder of the images that the dataset was prepared from."""
        source = self.provenance.get("source")
        if source is None:
            return None
        path = self.root / source
        return path.parent if path.is_file() else path

    @cached_property
    def explained(self) -> pd.DataFrame:
        """Rows of the explained images, in the arrays' order: `row, image_id, split, species`.

        Images that could not be read are none of them, neither here nor in the arrays.
        """
        table = read_table(self._existing("explain/index.csv", "explain"))
        return self._without_failures(table)

    @cached_property
    def index(self) -> pd.DataFrame:
        """The same with the other columns of the manifest."""
        columns = self.dataset.manifest.drop(columns=["split", "species"])
        return self.explained.merge(columns, on="image_id", how="left", validate="one_to_one")

    @cached_property
    def hidden(self) -> frozenset[str]:
        """Images that no gallery shows, because people are in them; see `explain.show_people`."""
        return frozenset() if self.config.explain.show_people else self.dataset.people

    @cached_property
    def maps_index(self) -> pd.DataFrame:
        """Rows of the guided maps: `row, image_id, target`."""
        table = read_table(self._existing("explain/maps_index.csv", "explain"))
        return self._without_failures(table)

    def array(self, name: str) -> np.ndarray:
        """Reads `logits`, `features`, `unit_max`, ... whole; the row order is `index`'s."""
        values = read_array(self.root / "explain" / f"{name}.zarr")
        return values[self._kept] if self._has_gaps(len(values)) else values

    def rows(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Reads single rows of an array, for those too large to hold."""
        array = open_array(self.root / "explain" / f"{name}.zarr")
        rows = np.asarray(rows, np.int64)
        return array[self._kept[rows] if self._has_gaps(array.shape[0]) else rows].read().result()

    def has_array(self, name: str) -> bool:
        """Tells whether `explain` stored the array."""
        return (self.root / "explain" / f"{name}.zarr").exists()

    @cached_property
    def _unread(self) -> list[str]:
        """Images whose records `explain` could not read."""
        path = self.root / "explain" / "failures.csv"
        return read_table(path)["image_id"].tolist() if path.exists() else []

    @cached_property
    def _kept(self) -> np.ndarray:
        """Rows of index.csv whose images could be read."""
        table = read_table(self._existing("explain/index.csv", "explain"))
        return np.flatnonzero(~table["image_id"].isin(self._unread))

    def _has_gaps(self, num_rows: int) -> bool:
        """Tells whether an array has rows of images that could not be read."""
        return bool(self._unread) and num_rows == len(self._kept) + len(self._unread)

    def _without_failures(self, table: pd.DataFrame) -> pd.DataFrame:
        """Numbers the rows of those images that could be read anew."""
        if not self._unread:
            return table
        table = table.loc[~table["image_id"].isin(self._unread)].reset_index(drop=True)
        return table.assign(row=np.arange(len(table)))

    @property
    def _species(self) -> dict[str, list[str]]:
        path = self.root / CLASSES
        if path.exists():
            return read_json(path)
        return {"known": self.dataset.classes, "unknown": self.dataset.unknown}  # an older run's

    def _existing(self, name: str, command: str) -> Path:
        path = self.root / name
        if not path.exists():
            raise FileNotFoundError(f"{path}: not found; run `camtrap {command}` first")
        return path
