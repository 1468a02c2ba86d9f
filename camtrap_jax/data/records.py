"""Images as TFDS records in ArrayRecord files: record i is row i of the manifest.

Written and read without TensorFlow: images are handed over as JPEG bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from tensorflow_datasets.core.dataset_info import DatasetIdentity

SPLIT = "images"
_IMAGES_PER_FILE = 4096
_IMAGES_PER_CALL = 128


def write_records(folder: Path, images: Iterable[bytes], labels: np.ndarray) -> None:
    """Writes one record an image, in the order given.

    Args:
      folder: is made.
      images: JPEG, RGB; consumed one at a time.
      labels: [images] class indices, -1 for no class.
    """
    folder.mkdir(parents=True)
    info = tfds.core.DatasetInfo(
        builder=DatasetIdentity(
            name="camera_traps",
            version=tfds.core.Version("1.0.0"),
            data_dir=str(folder),
            module_name="camtrap_jax.data.records",
        ),
        features=tfds.features.FeaturesDict(
            {
                "image": tfds.features.Image(shape=(None, None, 3), encoding_format="jpeg"),
                "label": np.int64,
                "row": np.int64,
            }
        ),
        disable_shuffling=True,
    )
    # Unlike a builder's `download_and_prepare`, this writer shuffles nothing, keeps no second copy
    # and asks no server about the data set's name.
    writer = tfds.core.SequentialWriter(
        info, max_examples_per_shard=_IMAGES_PER_FILE, file_format="array_record"
    )
    writer.initialize_splits([SPLIT])
    examples = (
        {"image": image, "label": int(label), "row": row}
        for row, (image, label) in enumerate(zip(images, labels, strict=True))
    )
    # The writer describes the data set anew on each call: one a record takes seven times as long.
    while chunk := list(islice(examples, _IMAGES_PER_CALL)):
        writer.add_examples({SPLIT: chunk})
    writer.close_all()


class RecordSource:
    """Random access to records; opens its files when first read, so that it travels to workers."""

    def __init__(self, folder: Path):
        """Remembers where the records lie.

        Args:
          folder: `records/` of a dataset.

        Raises:
          FileNotFoundError: there are no records.
        """
        if not (folder / "dataset_info.json").exists():
            raise FileNotFoundError(f"{folder}: no records; run `camtrap prepare` first")
        builder = tfds.builder_from_directory(str(folder))
        # The decorator on this method hides its parameters from type checkers.
        self._source = builder.as_data_source(
            split=SPLIT,  # pyright: ignore[reportCallIssue]
            decoders={"image": tfds.decode.SkipDecoding()},
        )

    def __len__(self) -> int:
        """Returns the number of records."""
        return len(self._source)

    def __getitem__(self, row: int) -> dict:
        """Returns `image` (JPEG bytes), `label` and `row`."""
        return self._source[row]
