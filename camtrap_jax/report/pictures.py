"""The report's picture files: frames in their own shape, with or without maps on them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from markupsafe import Markup
from matplotlib.figure import Figure
from PIL import Image

from camtrap_jax.data.batches.pipeline import read_pixels
from camtrap_jax.explain.methods import OF_GALLERY, SALIENCIES
from camtrap_jax.explain.render import overlay, panel, resize, saliency_image
from camtrap_jax.report.drawing import inline_svg, svg_text
from camtrap_jax.run_folder import RunFolder

LONG_SIDE_PX = 340
TILE_PX = 76  # of a patch: the network's own resolution would be a blur


@dataclass(frozen=True)
class Pictures:
    """Draws a run's images and maps, and writes them under `folder`/images.

    Pictures are encoded anew from pixels, so nothing of a source file's EXIF reaches the page.
    """

    run: RunFolder
    folder: Path

    @cached_property
    def filepaths(self) -> dict[str, str]:
        """Where each image lies in its source."""
        manifest = self.run.dataset.manifest
        return dict(zip(manifest["image_id"], manifest["filepath"], strict=True))

    @cached_property
    def sequences(self) -> dict[str, str]:
        """The burst of each image, empty where the source names none."""
        manifest = self.run.dataset.manifest
        return dict(zip(manifest["image_id"], manifest["sequence"], strict=True))

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.run.dataset.manifest["image_id"])}

    @cached_property
    def _rows(self) -> dict[str, int]:
        return dict(zip(self.run.index["image_id"], self.run.index["row"], strict=True))

    @cached_property
    def _map_rows(self) -> dict[str, int]:
        if not (self.run.root / "explain" / "maps_index.csv").exists():
            return {}
        maps = self.run.maps_index.drop_duplicates("image_id")
        return dict(zip(maps["image_id"], maps["row"], strict=True))

    def frame(self, image_id: str) -> UInt8[np.ndarray, "height width 3"]:
        """Reads an image and gives it back its frame's shape."""
        position = self._positions[image_id]
        pixels = read_pixels(self.run.dataset, position, LONG_SIDE_PX)
        size = self.run.dataset.manifest.iloc[position]
        height = float(size["height"]) * (1.0 - self.run.config.data.crop_bottom)
        return resize(pixels, *display_size(height, float(size["width"])))

    def thumbnail(self, image_id: str, long_side_px: int) -> UInt8[np.ndarray, "height width 3"]:
        """Reads an image in its frame's shape, small."""
        frame = self.frame(image_id)
        height, width = frame.shape[:2]
        scale = long_side_px / max(height, width)
        return resize(frame, max(1, round(scale * height)), max(1, round(scale * width)))

    def drawn(self, name: str, image_id: str, frame: np.ndarray) -> np.ndarray | None:
        """Draws a map of the image in its frame's shape; None if none was stored.

        A heatmap lies over the frame; a saliency, which has colours of its own, stands alone.
        """
        rows = self._map_rows if name in OF_GALLERY else self._rows
        if image_id not in rows or not self.run.has_array(name):
            return None
        found = self.run.rows(name, np.array([rows[image_id]]))[0]
        if name in SALIENCIES:
            return resize(saliency_image(found), *frame.shape[:2])
        return overlay(frame, found)

    def patch(self, image_id: str, x: int, y: int, size: int) -> UInt8[np.ndarray, "tile tile 3"]:
        """Cuts a patch, given in px of the network's input, out of a larger copy of the image."""
        input_px = self.run.config.model.image_size
        scale = TILE_PX / size
        pixels = read_pixels(self.run.dataset, self._positions[image_id], round(scale * input_px))
        left, top = (min(round(scale * at), len(pixels) - TILE_PX) for at in (x, y))
        return pixels[top : top + TILE_PX, left : left + TILE_PX]

    def save(self, pixels: UInt8[np.ndarray, "height width 3"], *names: str) -> str:
        """Writes a JPEG named after `names`; returns its address relative to the page."""
        address = f"images/{'-'.join(slug(name) for name in names)}.jpg"
        path = self.folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        # Full chroma resolution: a saliency's colours sit on edges one pixel wide.
        Image.fromarray(pixels).save(path, quality=86, subsampling=0, optimize=True)
        return address

    def save_row(self, images: list[np.ndarray | None], *names: str) -> str:
        """Writes pictures side by side as one, leaving out those that are None."""
        return self.save(panel([image for image in images if image is not None]), *names)

    def save_figure(self, figure: Figure, name: str, *, has_photos: bool = False) -> dict[str, str]:
        """Writes a chart as an SVG file; returns its address and an element for the page."""
        address = f"images/{slug(name)}.svg"
        path = self.folder / address
        path.parent.mkdir(parents=True, exist_ok=True)
        text = svg_text(figure, has_photos=has_photos)
        path.write_text(text, encoding="utf-8")
        # matplotlib escapes the text in its SVG; see test_figures.
        return {"file": address, "svg": Markup(inline_svg(text))}


def display_size(height: float, width: float) -> tuple[int, int]:
    """Scales a frame so that its longer side is `LONG_SIDE_PX`; returns height and width."""
    if not (height > 0 and width > 0):
        return LONG_SIDE_PX, LONG_SIDE_PX
    scale = LONG_SIDE_PX / max(height, width)
    return max(1, round(scale * height)), max(1, round(scale * width))


def slug(name: str, limit: int = 60) -> str:
    """Turns any text into a safe part of a file name: a-z, 0-9 and single dashes."""
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", ascii_name).strip("-")[:limit].strip("-") or "x"
