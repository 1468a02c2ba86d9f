"""Draws bursts into files: what a worker process does."""

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from camtrap_jax.synthetic.bursts import EMPTY, Burst
from camtrap_jax.synthetic.faults import mask_path
from camtrap_jax.synthetic.figures.canvas import Sprite
from camtrap_jax.synthetic.frames import Frame, Shot, Stand, compose, make_light
from camtrap_jax.synthetic.staging import Stage, load_sprites, make_stage, stand_all
from camtrap_jax.synthetic.views.cameras import Place, View, frame_size, make_view

MAKE, MODEL = "Synthetic", "Drawn Trap 1"
_ROTATION = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}


@dataclass(frozen=True, slots=True)
class Filed:
    """One image on disk.

    Attributes:
        path: Relative to the folder of images.
        label: Its folder.
        species: Of the animals that the mask shows.
        burst, frame: Numbers.
        boxes: (x, y, width, height) in px of each individual of the species.
    """

    path: str
    label: str
    species: str
    burst: int
    frame: int
    boxes: tuple[tuple[int, int, int, int], ...] = ()


class Studio:
    """Views and sprites, loaded when first used."""

    def __init__(self, folder: Path, places: list[Place], image_size: int, seed: int) -> None:
        """Remembers where the sprites lie (`folder`/sprites) and where frames go."""
        self.folder, self.image_size, self.seed = folder, image_size, seed
        self.places = {place.name: place for place in places}
        self.size = frame_size(image_size)
        self._views: dict[str, tuple[View, Stage]] = {}
        self._sprites: dict[str, list[Sprite]] = {}

    def view(self, camera: str) -> tuple[View, Stage]:
        """A camera's pictures and the room before it."""
        if camera not in self._views:
            place = self.places[camera]
            self._views[camera] = (
                make_view(place, self.image_size, self.seed),
                make_stage(place, self.size, self.image_size),
            )
        return self._views[camera]

    def sprites(self, species: str) -> list[Sprite]:
        """A species' pictures."""
        if species not in self._sprites:
            self._sprites[species] = load_sprites(self.folder / "sprites", species)
        return self._sprites[species]

    def shoot(self, burst: Burst, rotated: dict[str, int]) -> list[Filed]:
        """Draws a burst and files every frame with its mask.

        Args:
            burst: What to take.
            rotated: EXIF orientation of the frames that are stored turned.
        """
        rng = np.random.default_rng([self.seed, burst.number])
        view, stage = self.view(burst.camera)
        light = make_light(burst.night, burst.start, rng)
        species = [name for name in (burst.species, burst.companion) if name not in ("", EMPTY)]
        stands = stand_all(burst, {name: self.sprites(name) for name in species}, stage, rng)
        filed = []
        for number in range(burst.frames):
            shot = Shot(burst.camera, burst.time(number), number, self.size, light)
            frame = compose(view, stands, shot, rng)
            data = _jpeg(frame.image, shot, rotated.get(burst.path(number, burst.label), 1))
            filed.append(self._file(data, frame, stands, _entry(burst, number, burst.label)))
            if burst.companion:
                entry = _entry(burst, number, burst.companion)
                filed.append(self._file(data, frame, stands, entry))
        return filed

    def _file(self, data: bytes, frame: Frame, stands: list[Stand], entry: Filed) -> Filed:
        """Writes one copy; its mask shows the animals of its species only."""
        image = self.folder / "images" / entry.path
        mask = self.folder / "masks" / mask_path(entry.path)
        for target in (image, mask):
            target.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(data)
        owners = [k for k, stand in enumerate(stands, 1) if stand.species == entry.species]
        seen = np.where(np.isin(frame.owner, owners), frame.parts, 0).astype(np.uint8)
        Image.fromarray(seen).save(mask, compress_level=1)
        boxes = [_box(frame.owner == owner) for owner in owners]
        return replace(entry, boxes=tuple(box for box in boxes if box))


def _entry(burst: Burst, number: int, label: str) -> Filed:
    species = burst.companion if label == burst.companion else burst.species
    return Filed(burst.path(number, label), label, species, burst.number, number)


def _box(mask: np.ndarray) -> tuple[int, int, int, int] | None:
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return (
        int(columns[0]),
        int(rows[0]),
        int(columns[-1] - columns[0] + 1),
        int(rows[-1] - rows[0] + 1),
    )


def _jpeg(image: Image.Image, shot: Shot, orientation: int) -> bytes:
    """The frame with its EXIF: maker, time, orientation; no position, these cameras have no GPS."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = MAKE, MODEL
    exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0x9003] = f"{shot.when:%Y:%m:%d %H:%M:%S}"
    if orientation in _ROTATION:
        image = image.transpose(_ROTATION[orientation])
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=88, exif=exif)
    return buffer.getvalue()
