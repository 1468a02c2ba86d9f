"""The pictures that are read: camera-trap frames of 1920 x 1080, and the records made of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image

from camtrap_jax.config import DataConfig
from camtrap_jax.data.batches.pipeline import train_rows
from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.data.records import RecordSource
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.synthetic.cutouts import read_backgrounds
from camtrap_jax.synthetic.frames import Shot, compose, make_light
from camtrap_jax.synthetic.views.cameras import frame_size, make_places, make_view

WIDTH, HEIGHT = 1920, 1080
_QUALITY = 88
_CAMERAS = 6


@dataclass(frozen=True, slots=True)
class Pictures:
    """Where the pictures lie; both folders of JPEG files have one folder a label.

    Attributes:
      raw: frames as a camera writes them.
      dataset: the same, prepared.
      records: the training records' JPEG bytes as files.
    """

    raw: Path
    dataset: Path
    records: Path


def make_pictures(folder: Path, count: int, photographs: Path | None) -> Pictures:
    """Draws frames by day and by night, prepares them, and copies the records into files.

    Args:
      folder: empty.
      count: of frames.
      photographs: a folder of landscapes to use as views; None for drawn ones.
    """
    pictures = Pictures(folder / "raw", folder / "dataset", folder / "records")
    _draw(pictures.raw, count, photographs)
    # The strip stays, since torchvision has nothing that cuts it off.
    prepare_dataset(pictures.raw, pictures.dataset, DataConfig(num_known=2, crop_bottom=0.0))
    dataset = DatasetFolder(pictures.dataset)
    records = RecordSource(dataset.records)
    for row in train_rows(dataset):
        file = pictures.records / dataset.manifest["filepath"][row]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(records[int(row)]["image"])
    return pictures


def bits_per_pixel(folder: Path) -> float:
    """Returns how strongly a folder's JPEG files are compressed, on average."""
    rates = []
    for file in folder.rglob("*.jpg"):
        with Image.open(file) as image:
            rates.append(8 * file.stat().st_size / (image.width * image.height))
    return float(np.mean(rates))


def _draw(folder: Path, count: int, photographs: Path | None) -> None:
    """Draws frames without animals, with the noise and the light of `camtrap synthesize`."""
    views = read_backgrounds(photographs) if photographs else []
    places = make_places(_CAMERAS, views)
    drawn = [make_view(place, WIDTH, 0) for place in places]
    for number in range(count):
        is_night = bool(number % 2)
        camera = number // 2 % _CAMERAS
        rng = np.random.default_rng(number)
        when = datetime(2020, 6, 1 + number % 28, 1 if is_night else 12, number % 60)
        light = make_light(is_night, when, rng)
        shot = Shot(places[camera].name, when, 0, frame_size(WIDTH), light)
        image = compose(drawn[camera], [], shot, rng).image
        image = image.crop((0, image.height - HEIGHT, WIDTH, image.height))  # 4:3 to 16:9
        file = folder / ("night" if is_night else "day") / f"{number:04d}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        image.save(file, "JPEG", quality=_QUALITY)
