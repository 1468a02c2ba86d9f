"""Stored maps on the original pictures, at their full resolution."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from camtrap_jax.data.boxes import kept_height
from camtrap_jax.data.decoding.parallel import ordered_map
from camtrap_jax.data.sources import Failure
from camtrap_jax.explain.methods import OF_GALLERY, SALIENCIES
from camtrap_jax.explain.render import panel
from camtrap_jax.report.pictures import Pictures, slug
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import atomic_path, read_json, read_table, write_table
from camtrap_jax.study.console import Console
from camtrap_jax.study.originals import Originals, Pixels, open_originals
from camtrap_jax.study.stages import check_has_ended

_COLUMNS = ["image_id", "filepath", "species", "split"]
_TABLE, _FAILURES = "rendered.csv", "failures.csv"
_QUALITY = 92  # of the JPEG files


@dataclass(frozen=True)
class Choice:
    """What is drawn.

    Attributes:
      maps: names of stored maps; empty for all that are stored.
      species: whose images; empty for all.
      everything: whether images without input-shaped maps are drawn, too.
      together: whether a picture and its maps lie side by side in one file.
    """

    maps: tuple[str, ...] = ()
    species: tuple[str, ...] = ()
    everything: bool = False
    together: bool = False


def render_run(
    run: RunFolder, output: Path, choice: Choice, console: Console, *, afresh: bool = False
) -> pd.DataFrame:
    """Writes the maps of a run as upright JPEGs of the source pictures' own size, by species.

    Heatmaps lie over their picture, whose information strip, which the network did not see, stays
    as it is; saliencies stand alone. Pictures that show people are not drawn (see
    `explain.show_people`). One that is gone, damaged or not the one any more that was prepared is
    a row of OUTPUT/failures.csv; OUTPUT/rendered.csv names the files of the others.

    Args:
      run: one that was explained.
      output: a folder, which may have files of an earlier call.
      choice: what is drawn.
      console: where progress is shown.
      afresh: whether the pictures of the call before are deleted.

    Returns:
      rendered.csv: a row an image, and for each map the address of its file in `output`.

    Raises:
      ValueError: the run was not explained, there is no such map or species, nothing is left to
        draw, or the pictures did not come from a folder or a zip archive.
      FileNotFoundError: the pictures are gone.
      FileExistsError: `output` has files of something else.
    """
    check_has_ended("explain", run)
    stored = read_json(run.root / "explain" / "explain.json")["maps"]
    choice = dataclasses.replace(choice, maps=_named("--maps", choice.maps, stored))
    images = _chosen(run, choice)
    artist = _Artist(run, output, choice, open_originals(run))
    _check_output(output)
    if afresh:
        _delete_pictures(output)
    move, rows, failures = console.progress("render"), [], []
    for done, found in enumerate(ordered_map(artist.draw, images.to_dict("records")), start=1):
        (failures if isinstance(found, Failure) else rows).append(found)
        move(done, len(images))
    table = pd.DataFrame(rows, columns=[*_COLUMNS, *artist.files])
    if failures:
        console.say(f"render: {len(failures)} pictures cannot be drawn, see {output / _FAILURES}")
    reasons = [field.name for field in dataclasses.fields(Failure)]
    write_table(output / _FAILURES, pd.DataFrame(failures, columns=reasons))
    write_table(output / _TABLE, table)
    return table


@dataclass(frozen=True)
class _Artist:
    """Draws one image after another."""

    run: RunFolder
    output: Path
    choice: Choice
    originals: Originals

    @property
    def files(self) -> tuple[str, ...]:
        """What there is a file of for each image."""
        return ("together",) if self.choice.together else self.choice.maps

    def draw(self, image: dict[str, Any]) -> dict[str, str] | Failure:
        """Draws an image's maps; returns its row of the table."""
        picture = self.originals.read(image["filepath"], image["sha256"])
        if isinstance(picture, Failure):
            return picture
        seen = kept_height(len(picture), self.run.config.data.crop_bottom)
        views = {
            name: self._view(name, image["image_id"], picture, seen) for name in self.choice.maps
        }
        views = {name: view for name, view in views.items() if view is not None}
        if self.choice.together:
            views = {"together": panel([picture[:seen], *(view[:seen] for view in views.values())])}
        files = {name: self._save(view, image, name) for name, view in views.items()}
        return {name: image[name] for name in _COLUMNS} | files

    @cached_property
    def _pictures(self) -> Pictures:
        return Pictures(self.run, self.output)

    def _view(self, name: str, image_id: str, picture: Pixels, seen: int) -> Pixels | None:
        """Draws a map on the rows that the network saw; a heatmap keeps those below."""
        drawn = self._pictures.drawn(name, image_id, picture[:seen])
        if drawn is None or name in SALIENCIES:
            return drawn
        return np.concatenate([drawn, picture[seen:]])

    def _save(self, pixels: Pixels, image: dict[str, Any], name: str) -> str:
        stem = slug(PurePosixPath(image["filepath"]).stem)
        address = f"{slug(image['species'])}/{stem}-{image['image_id']}-{name}.jpg"
        with atomic_path(self.output / address) as path:
            Image.fromarray(pixels).save(path, "JPEG", quality=_QUALITY, subsampling=0)
        return address


def _named(flag: str, wanted: Sequence[str], known: Sequence[str]) -> tuple[str, ...]:
    """Returns what is wanted of what is known; all where nothing is named."""
    unknown = sorted(set(wanted) - set(known))
    if unknown:
        raise ValueError(
            f"{flag}: expected some of {', '.join(known)}, which were explained, got "
            f"{', '.join(unknown)}"
        )
    return tuple(wanted or known)


def _chosen(run: RunFolder, choice: Choice) -> pd.DataFrame:
    """Returns the rows of the index that are drawn."""
    index = run.index.loc[~run.index["image_id"].isin(list(run.hidden))]
    species = _named("--species", choice.species, sorted(set(index["species"])))
    index = index.loc[index["species"].isin(species)]
    if not choice.everything and set(choice.maps) & set(OF_GALLERY):
        index = index.loc[index["image_id"].isin(run.maps_index["image_id"])]
    if index.empty:
        raise ValueError(
            f"{run.root / 'explain' / 'maps_index.csv'}: expected images of these species, got "
            "none; --images=all draws the heatmaps of every image"
        )
    return index.sort_values(by=["species", "image_id"])


def _check_output(output: Path) -> None:
    if output.exists() and any(output.iterdir()) and not (output / _TABLE).exists():
        raise FileExistsError(
            f"{output}: expected an empty folder, or one of `camtrap render`; it has other files"
        )


def _delete_pictures(output: Path) -> None:
    """Deletes what rendered.csv names, and no other file."""
    if not (output / _TABLE).exists():
        return
    table = read_table(output / _TABLE)
    for address in table.drop(columns=_COLUMNS).stack().dropna():
        (output / str(address)).unlink(missing_ok=True)
