"""Examples of an image-classification data set that TensorFlow Datasets has prepared.

Read without TensorFlow, and without the network: what is not prepared yet is prepared elsewhere,
since TFDS's own preparation needs TensorFlow for nearly every data set.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.listing import SourceImage, SourceListing, sort_images
from camtrap_jax.data.sources.storage import check_size
from camtrap_jax.data.sources.values import parse_label, shown

_VERSION = r"(?P<version{}>(?:\d+|\*)\.(?:\d+|\*)\.(?:\d+|\*))"
_CONFIG = r"(?P<config{}>\w[\w.+-]*)"
# TFDS writes name/config:version. Other forms of its names fetch and run code: not accepted.
_NAME = re.compile(
    r"(?P<name>[A-Za-z_]\w*)"
    rf"(?:(?:/{_CONFIG.format(1)})?(?::{_VERSION.format(1)})?"
    rf"|:{_VERSION.format(2)}/{_CONFIG.format(2)})"
)


def read_tfds(name: str, *, data_dir: Path | None = None) -> SourceListing:
    """Lists the examples of all splits of a prepared data set.

    Args:
      name: `name`, `name:version`, `name/config:version` or `name:version/config`.
      data_dir: where it is prepared; None for TFDS_DATA_DIR, or TFDS's own default.

    Raises:
      ValueError: it is not prepared as array_record, or is no image classification; one line.
    """
    full_name = _full_name(name)
    builder = _find_builder(full_name, data_dir)
    image_key, label_key = _find_keys(full_name, builder.info)
    label_names = builder.info.features[label_key].names
    storage = TfdsStorage(builder, image_key)
    images, failures = [], []
    for split in builder.info.splits:
        unlabelled = 0
        for filepath, label in storage.labels(split, label_key):
            if isinstance(label, str):
                failures.append(Failure(filepath, label))
            elif 0 <= label < len(label_names):
                species = parse_label(label_names[label])
                images.append(SourceImage(filepath=filepath, species=species))
            else:
                unlabelled += 1
        if unlabelled:
            failures.append(Failure(f"{split}/", f"{unlabelled} examples without a label"))
    splits = ", ".join(builder.info.splits)
    return SourceListing(
        storage=storage,
        layout=f"tfds {builder.info.full_name}",
        images=sort_images(images),
        failures=failures,
        notes=[f"the source's own splits ({splits}) are pooled"],
    )


class TfdsStorage:
    """Encoded pictures by `split/number`; opened when first read, safe to share by threads."""

    def __init__(self, builder: Any, image_key: str):
        """Remembers where the examples lie.

        Args:
          builder: of a prepared data set.
          image_key: the feature with the pictures.
        """
        self.root = Path(builder.data_dir)
        self._builder = builder
        self._image_key = image_key
        self._sources: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._fingerprints = {split: _fingerprint(builder, split) for split in builder.info.splits}

    def problem(self, filepath: str) -> str:
        """Says why there is no such example."""
        return "" if self._locate(filepath) else "not found in the data set"

    def stamp(self, filepath: str) -> tuple[int, int]:
        """Returns the example's number, and a hash of its split's size in bytes and examples."""
        located = self._locate(filepath)
        return (located[1], self._fingerprints[located[0]]) if located else (-1, 0)

    def read(self, filepath: str) -> bytes:
        """Reads a picture as it is encoded; pixels that are not are encoded as PNG."""
        located = self._locate(filepath)
        if located is None:
            raise FileNotFoundError("not found in the data set")
        try:
            value = self._example(*located)[self._image_key]
            data = bytes(value) if isinstance(value, bytes) else _encode(np.asarray(value))
        # Readers of records and of protocol buffers each raise their own.
        except Exception as error:
            raise ValueError(f"cannot be read: {_one_line(error)}") from None
        check_size(len(data))
        return data

    def labels(self, split: str, label_key: str) -> Iterator[tuple[str, int | str]]:
        """Yields each example's path and label index; a text that says why there is none."""
        for number in range(self._builder.info.splits[split].num_examples):
            filepath = f"{split}/{number:08d}"
            try:
                yield filepath, int(self._example(split, number)[label_key])
            except Exception as error:  # as in `read`
                yield filepath, f"cannot be read: {_one_line(error)}"

    def _locate(self, filepath: str) -> tuple[str, int] | None:
        split, _, number = filepath.rpartition("/")
        is_number = re.fullmatch(r"[0-9]{8}|[1-9][0-9]{8,17}", number)
        if split not in self._fingerprints or not is_number:
            return None
        count = self._builder.info.splits[split].num_examples
        return (split, int(number)) if int(number) < count else None

    def _example(self, split: str, number: int) -> dict[str, Any]:
        if split not in self._sources:
            with self._lock:
                self._sources[split] = self._sources.get(split) or self._builder.as_data_source(
                    split=split, decoders=_decoders(self._builder.info.features)
                )
        return self._sources[split][number]


def _full_name(name: str) -> str:
    """Returns the name as TFDS writes it."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise ValueError(
            f"{shown(name)}: expected the name of a TFDS data set, such as beans, beans:0.1.0 or "
            "name/config:1.0.0"
        )
    config = found["config1"] or found["config2"]
    version = found["version1"] or found["version2"]
    return found["name"] + (f"/{config}" if config else "") + (f":{version}" if version else "")


def _find_builder(name: str, data_dir: Path | None) -> Any:
    """Opens a prepared data set from its files; no code of the data set runs."""
    # Not at the top: it takes a second, and other sources need none of it.
    from tensorflow_datasets.core import read_only_builder, registered  # noqa: PLC0415
    from tensorflow_datasets.core.utils import file_utils  # noqa: PLC0415

    found = data_dir or os.environ.get("TFDS_DATA_DIR") or file_utils.list_data_dirs()[0]
    place = Path(found).expanduser()
    command = f"tfds build {name} --file_format=array_record --data_dir={place}"
    hint = f"run `{command}` where TensorFlow is installed"
    try:
        builder = read_only_builder.builder_from_files(name, data_dir=str(place))
    except registered.DatasetNotFoundError:
        raise ValueError(f"{name}: not prepared in {place}; {hint}") from None
    except Exception as error:  # damaged descriptions raise whatever their parsers do
        raise ValueError(f"{name}: prepared in {place}, but: {_one_line(error)}") from None
    formats = sorted(each.value for each in builder.info.available_file_formats())
    if "array_record" not in formats:
        raise ValueError(
            f"{name}: prepared in {builder.data_dir} as {', '.join(formats) or 'nothing'}, which "
            "cannot be read without TensorFlow; run `tfds convert_format "
            f"--dataset_version_dir={builder.data_dir} --out_file_format=array_record` where it is "
            "installed"
        )
    return builder


def _find_keys(name: str, info: Any) -> tuple[str, str]:
    """Returns the names of the picture and its label."""
    features = dict(sorted(info.features.items()))  # files keep no order
    keys = tuple(info.supervised_keys or ())
    images = [key for key, feature in features.items() if _is_image(feature)]
    labels = [key for key, feature in features.items() if type(feature).__name__ == "ClassLabel"]
    if len(keys) >= 2 and keys[0] in images and keys[1] in labels:
        return keys[0], keys[1]
    encoded = [key for key in images if type(features[key]).__name__ == "Image"]
    if len(encoded) == 1 and len(labels) == 1:
        return encoded[0], labels[0]
    seen = ", ".join(f"{key} ({type(feature).__name__})" for key, feature in features.items())
    raise ValueError(
        f"{name}: expected one Image and one ClassLabel among its features, got {seen[:500]}"
    )


def _is_image(feature: Any) -> bool:
    """Tells whether a feature is a picture: encoded, or pixels of 8 bits."""
    kind = type(feature).__name__
    if kind == "Image":
        return feature.np_dtype in (np.uint8, np.uint16)
    is_pixels = kind == "Tensor" and feature.np_dtype == np.uint8 and len(feature.shape) == 3
    return is_pixels and feature.shape[2] in (1, 3, 4)


def _decoders(features: Any) -> dict[str, Any]:
    """Leaves the bytes of pictures as they are, and those of what is not used."""
    from tensorflow_datasets import decode  # noqa: PLC0415

    kinds = ("Image", "Text", "Audio", "Video")
    return {
        key: decode.SkipDecoding()
        for key, feature in dict(features).items()
        if type(feature).__name__ in kinds
    }


def _encode(pixels: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(stream, "PNG")
    return stream.getvalue()


def _fingerprint(builder: Any, split: str) -> int:
    """Returns a number of 63 bits that differs when a split was prepared from something else."""
    info = builder.info.splits[split]
    parts = [builder.info.full_name, split, list(info.shard_lengths), info.num_bytes]
    digest = hashlib.sha256(json.dumps(parts).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
