"""Whether the records of a dataset are those that its manifest describes."""

from __future__ import annotations

import zlib

import numpy as np

from camtrap_jax.data.freshness import changed_files
from camtrap_jax.data.records import RecordSource
from camtrap_jax.run_folder import PREPARED, DatasetFolder
from camtrap_jax.store import read_json

_SAMPLE = 64  # records whose checksums are compared; others' records would fit none of them


def check_records(dataset: DatasetFolder) -> None:
    """Refuses records that were replaced, cut off or lost since the dataset was prepared.

    Raises:
      ValueError: says what does not fit.
    """
    wrong = _wrong_file(dataset) or _wrong_record(dataset)
    if wrong:
        raise ValueError(
            f"{dataset.records}: {wrong}; images would be taken for others, so `camtrap prepare "
            "--overwrite` has to make the dataset anew"
        )


def _wrong_file(dataset: DatasetFolder) -> str:
    """Names a file that is missing or of another size; none where `prepare` noted no sizes."""
    path, folder = dataset.root / PREPARED, dataset.records.name
    changed = changed_files(dataset.root, read_json(path)) if path.exists() else []
    names = [name for name in changed if name.startswith(f"{folder}/")]
    return f"{names[0]} is not as `camtrap prepare` wrote it" if names else ""


def _wrong_record(dataset: DatasetFolder) -> str:
    """Names a record whose JPEG is not that of its image; none where there are no checksums."""
    records, manifest = RecordSource(dataset.records), dataset.manifest
    if len(records) != len(manifest):
        return f"there are {len(records)}, but {len(manifest)} rows in manifest.csv"
    if manifest.empty or not dataset.has_pictures or "jpeg_crc32" not in dataset.pictures:
        return ""
    sums = dict(zip(dataset.pictures["filepath"], dataset.pictures["jpeg_crc32"], strict=True))
    rows = np.linspace(0, len(manifest) - 1, min(len(manifest), _SAMPLE)).astype(int)
    for row, filepath in zip(rows.tolist(), manifest["filepath"].iloc[rows], strict=True):
        try:
            jpeg = records[row]["image"]
        except RuntimeError:  # a damaged one is the pass's matter
            continue
        if zlib.crc32(jpeg) != sums.get(filepath):
            return f"record {row} is not that of {filepath}, as manifest.csv says"
    return ""
