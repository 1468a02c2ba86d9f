"""What a source says about its pictures, before any of them is opened."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
    """

    filepath: str
    species: str
    camera: str = ""
    sequence: str = ""
    frame: int | None = None
    datetime: str = ""
    box: Box | None = None
    box_frame: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """A file, or a line about a file, that cannot be used, and why."""

    filepath: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceListing:
    """All pictures of a source, sorted by path and label.

    Attributes:
      root: folder that every `filepath` is relative to.
      layout: what was recognised, such as "camera/label/file" or "coco_camera_traps".
    """

    root: Path
    layout: str
    images: list[SourceImage]
    failures: list[Failure]


def sort_images(images: list[SourceImage]) -> list[SourceImage]:
    """Orders by path, then label: the same on every file system."""
    return sorted(images, key=lambda image: (image.filepath, image.species))
