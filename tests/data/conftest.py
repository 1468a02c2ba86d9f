"""Small pictures and sources, made anew for each test."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from camtrap_jax.config import DataConfig
from camtrap_jax.run_folder import DatasetFolder


def smooth_pixels(seed: int, width: int = 64, height: int = 48) -> np.ndarray:
    """Returns random blobs that survive JPEG, different for each seed."""
    coarse = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def encode(pixels: np.ndarray, kind: str = "JPEG", **settings: object) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind, **settings)
    return stream.getvalue()


def write_pictures(root: Path, counts: dict[str, int], *, first_seed: int = 0) -> list[str]:
    """Writes `counts[folder]` pictures a folder; returns their paths, sorted."""
    paths = []
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            name = f"{folder}/{number:03d}.jpg"
            (root / name).write_bytes(encode(smooth_pixels(first_seed + len(paths))))
            paths.append(name)
    return sorted(paths)


@pytest.fixture
def pictures():
    return write_pictures


@pytest.fixture
def pixels():
    return smooth_pixels


@pytest.fixture
def encoded():
    return encode


@pytest.fixture
def config():
    return DataConfig(num_known=2, min_images=3, crop_bottom=0.0, short_side=40)


@pytest.fixture(scope="session")
def dataset(tmp_path_factory):
    """A prepared dataset: 24 pictures of 4 labels, 13 of them for training."""
    from camtrap_jax.data.prepare import prepare_dataset

    root = tmp_path_factory.mktemp("dataset")
    write_pictures(root / "source", {"lion": 9, "eland": 8, "oribi": 4, "empty": 3})
    config = DataConfig(num_known=2, min_images=3, crop_bottom=0.0, short_side=40)
    prepare_dataset(root / "source", root / "dataset", config)
    return DatasetFolder(root / "dataset")
