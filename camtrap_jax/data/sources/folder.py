"""Pictures sorted into folders named after their label.

Read: `label/file`, `camera/label/file` and either below a split (`train/label/file`). The folder
that holds a picture is its label, the folders above it are its camera. Folders that a camera makes
on its card (`label/DCIM/100RECNX/file`) do not count. Splits of the source are pooled: the pictures
are split again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from camtrap_jax.data.sources.files import Failure, walk_files
from camtrap_jax.data.sources.listing import SourceImage, SourceListing, sort_images
from camtrap_jax.data.sources.storage import FolderStorage
from camtrap_jax.data.sources.values import label_problem, parse_label, same_form, shown

SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
PICTURE_SUFFIXES = frozenset({"jpg", "jpeg", "png", "bmp", "tif", "tiff", "gif", "webp"})
# A few strays beside a clear layout are failures; more than that is a layout not understood.
_MAX_STRAYS = 0.1
# As cameras name the folders on their cards (DCF): a number from 100 and five characters.
_CARD_FOLDER = re.compile(r"[1-9]\d\d[A-Z0-9_]{5}|[Dd][Cc][Ii][Mm]", re.ASCII)


def is_picture(file: str) -> bool:
    """Tells whether a file has a picture's suffix."""
    return file.rpartition(".")[2].lower() in PICTURE_SUFFIXES


def read_folder(source: Path) -> SourceListing:
    """Lists a folder of pictures; the layout is taken from where most pictures lie.

    Raises:
      ValueError: there are no files, or pictures lie at several depths.
    """
    storage = FolderStorage(source.resolve())
    files, failures = walk_files(storage.root)
    if not files:
        raise ValueError(
            f"{source}: no files found; expected pictures as label/file, camera/label/file or "
            "split/label/file"
        )
    names = {folder: named_folders(folder) for folder in {*map(_folder, files)}}
    has_splits = _has_splits(names.values())
    first = 1 if has_splits else 0
    depth = _label_depth(source, {file: len(names[_folder(file)]) - first for file in files})
    layout = "/".join([*["split"] * first, *["camera"] * min(depth - 1, 1), "label", "file"])
    labels = {folder: _label(parts[first:], depth, layout) for folder, parts in names.items()}
    images = []
    for file in files:
        species, camera, reason = labels[_folder(file)]
        if reason:
            failures.append(Failure(file, reason))
        else:
            images.append(SourceImage(filepath=file, species=species, camera=camera))
    return SourceListing(
        storage=storage,
        layout=layout,
        images=sort_images(images),
        failures=failures,
        notes=_notes(names, has_splits=has_splits),
    )


def _folder(file: str) -> str:
    return file.rpartition("/")[0]


def named_folders(folder: str) -> list[str]:
    """Returns the names of folders, without those at the end that a camera has made."""
    names = folder.split("/") if folder else []
    while names and _CARD_FOLDER.fullmatch(names[-1]):
        names.pop()
    return names


def _notes(names: dict[str, list[str]], *, has_splits: bool) -> list[str]:
    notes = ["the source's own splits are pooled"] if has_splits else []
    made = [folder for folder in sorted(names) if folder != "/".join(names[folder])]
    if made:
        notes.append(
            f"folders made by cameras, such as {shown(made[0])}, are no labels: the one above is"
        )
    return notes


def _label(names: list[str], depth: int, layout: str) -> tuple[str, str, str]:
    """Returns species and camera of a folder's pictures, and why they are not used."""
    if len(names) != depth:
        return "", "", f"expected {layout}, where most pictures lie"
    species = parse_label(names[-1])
    return species, same_form("/".join(names[:-1])), label_problem(species)


def _has_splits(folders: Iterable[list[str]]) -> bool:
    """Tells whether the top folders are splits, with labels below them."""
    top = {names[0].casefold() for names in folders if len(names) > 1}
    return bool(top) and top <= SPLITS


def _label_depth(source: Path, depths: dict[str, int]) -> int:
    """Returns how many folders below the splits most pictures lie."""
    pictures = list(filter(is_picture, depths)) or depths
    counts = Counter(depths[file] for file in pictures)
    depth, count = min(counts.items(), key=lambda item: (-item[1], item[0]))
    if depth < 1:
        raise ValueError(
            f"{source}: {count} pictures lie beside each other, without a folder that names their "
            "label; expected label/file, camera/label/file or split/label/file"
        )
    if count < (1 - _MAX_STRAYS) * len(pictures):
        example = {d: next(file for file in pictures if depths[file] == d) for d in counts}
        seen = ", ".join(f"{counts[d]} like {shown(example[d])}" for d in sorted(counts))
        raise ValueError(
            f"{source}: pictures lie at several depths ({seen}); expected one of label/file, "
            "camera/label/file, split/label/file for all of them"
        )
    return depth
