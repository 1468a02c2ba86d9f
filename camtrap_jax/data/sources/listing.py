"""What a source says about its pictures, before any of them is opened."""

from __future__ import annotations

from dataclasses import dataclass, field

from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.storage import Storage

Box = tuple[float, float, float, float]  # x, y, width, height


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceImage:
    """One picture under one label.

    Attributes:
      filepath: relative to the source's root, with "/".
      species: the label as the source spells it; also of labels that are no species.
      camera: empty where the source does not say.
      sequence: the burst's id, empty where the source does not say.
      frame: position in the burst, None where the source does not say.
      datetime: "YYYY-MM-DD hh:mm:ss", empty where only the picture itself may know.
      box: union of the species' boxes in px, None where there is none.
      box_frame: (width, height) in px that `box` refers to, None for the picture's own size.
      sequence_level: whether the label was given to the burst, not to this picture.
    """

    filepath: str
    species: str
    camera: str = ""
    sequence: str = ""
    frame: int | None = None
    datetime: str = ""
    box: Box | None = None
    box_frame: tuple[float, float] | None = None
    sequence_level: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceListing:
    """All pictures of a source, sorted by path; the labels of one in the source's order.

    Attributes:
      storage: what every `filepath` is read from.
      layout: what was recognised, such as "camera/label/file" or "coco_camera_traps".
      notes: sentences on what of the source is not used, or used in a way one should know.
    """

    storage: Storage
    layout: str
    images: list[SourceImage]
    failures: list[Failure]
    notes: list[str] = field(default_factory=list)


def sort_images(images: list[SourceImage]) -> list[SourceImage]:
    """Orders by path: the same on every file system. The labels of a picture keep their order."""
    return sorted(images, key=lambda image: image.filepath)
