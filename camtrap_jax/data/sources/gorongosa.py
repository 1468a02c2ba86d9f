"""The Gorongosa release: `Place_season_N/Label/Camera_file.JPG`, with or without list files.

Where a list gives a class id, the picture's folder is its label. All lists beside the seasons are
pooled. The camera is the file name up to the first "_", without the season: one code in two
seasons is taken for one place, so that a split by camera does not have that place on two sides. A
name without "_" has no camera.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from camtrap_jax.data.sources.files import Failure, file_problems, walk_files
from camtrap_jax.data.sources.list_files import Line, find_list_files, is_list_file, read_lines
from camtrap_jax.data.sources.listing import SourceImage, SourceListing, sort_images
from camtrap_jax.data.sources.storage import FolderStorage
from camtrap_jax.data.sources.times import parse_times
from camtrap_jax.data.sources.values import label_problem, parse_label, same_form, shown

LAYOUT = "Place_season_N/Label/Camera_file"
_SEASON = re.compile(r".+_season_\d+", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class _Entry:
    """A picture under a label, and the line that says so; none where folders do."""

    filepath: str
    species: str
    line: Line | None = None

    def failure(self, reason: str) -> Failure:
        """Returns a failure that names the line."""
        place = f"{self.line.file} line {self.line.number}: " if self.line else ""
        return Failure(self.filepath, place + reason)


def has_seasons(folder: Path) -> bool:
    """Tells whether a folder is, or holds, a season: labels with pictures named after cameras.

    Raises:
      OSError: it cannot be opened.
    """
    seasons = [path for path in folder.iterdir() if _SEASON.fullmatch(path.name)]
    if _SEASON.fullmatch(folder.resolve().name):
        seasons.append(folder)
    return any(_holds_labels(season) for season in sorted(seasons) if season.is_dir())


def read_gorongosa(source: Path) -> SourceListing:
    """Lists the pictures of a folder of seasons, or those of one list file.

    Raises:
      ValueError: there is neither a season nor a list file.
      OSError: a folder or list file cannot be opened.
    """
    root = (source if source.is_dir() else source.parent).resolve()
    lists = find_list_files(source) if source.is_dir() else [source] * is_list_file(source)
    if not lists and not (source.is_dir() and has_seasons(source)):
        raise ValueError(
            f"{source}: expected pictures as {LAYOUT}, or text files with lines `path label`; got "
            "neither"
        )
    files, failures = walk_files(root)
    entries, unread = _listed(lists) if lists else _sorted_into_folders(root, files)
    kept, unusable, notes = _usable(root, entries, frozenset(files))
    failures += [*unread, *unusable]
    if lists:
        names = {path.name for path in lists}
        listed = {entry.filepath for entry in entries} | names
        reason = f"not in {', '.join(sorted(names))}"
        failures += [Failure(file, reason) for file in files if file not in listed]
    times = parse_times([entry.line.time if entry.line else "" for entry in kept])
    failures += [
        kept[index].failure(f"time: {problem}; the picture is kept without it")
        for index, problem in times.problems.items()
    ]
    images = [_image(entry, time) for entry, time in zip(kept, times.texts, strict=True)]
    return SourceListing(
        storage=FolderStorage(root),
        layout="gorongosa",
        images=sort_images(images),
        failures=failures,
        notes=_notes(lists, images) + notes + times.notes,
    )


def _listed(lists: Sequence[Path]) -> tuple[list[_Entry], list[Failure]]:
    same: dict[str, str] = {}  # labels recur: one text for all lines
    entries, failures = [], []
    for line in itertools.chain.from_iterable(map(read_lines, lists)):
        if line.problem:
            failures.append(Failure(line.file, f"line {line.number}: {line.problem}"))
            continue
        folder = line.filepath.rpartition("/")[0].rpartition("/")[2]
        label = parse_label(folder) if line.is_class_id else line.label
        entry = _Entry(line.filepath, same.setdefault(label, label), line)
        if label:
            entries.append(entry)
        else:
            failures.append(entry.failure("the label is a class id, and no folder names it"))
    return entries, failures


def _sorted_into_folders(root: Path, files: Sequence[str]) -> tuple[list[_Entry], list[Failure]]:
    entries, failures = [], []
    for file in files:
        names = file.split("/")
        season = names[0] if len(names) == 3 else root.name if len(names) == 2 else ""
        if _SEASON.fullmatch(season):
            entries.append(_Entry(file, parse_label(names[-2])))
        else:
            failures.append(Failure(file, f"expected {LAYOUT}"))
    return entries, failures


def _usable(
    root: Path, entries: Sequence[_Entry], files: frozenset[str]
) -> tuple[list[_Entry], list[Failure], list[str]]:
    """Returns the entries whose pictures are there, each label of a picture once."""
    kept: dict[tuple[str, str], _Entry] = {}
    failures, num_again = [], 0
    unknown = [entry.filepath for entry in entries if entry.filepath not in files]
    problems = dict(zip(unknown, file_problems(root, unknown), strict=True))
    for entry in entries:
        reason = problems.get(entry.filepath) or label_problem(entry.species)
        first = kept.get((entry.filepath, entry.species))
        if not reason and first and first.line and entry.line:
            if first.line.file != entry.line.file:
                num_again += 1  # lists of parts beside one of everything
                continue
            reason = f"listed as {shown(entry.species)} in line {first.line.number} too, kept once"
        if reason:
            failures.append(entry.failure(reason))
        else:
            kept[entry.filepath, entry.species] = entry
    again = f"{num_again} lines repeat a picture and label of another list, and are kept once"
    return list(kept.values()), failures, [again] if num_again else []


def _image(entry: _Entry, time: str) -> SourceImage:
    name = entry.filepath.rpartition("/")[2]
    camera = same_form(name.partition("_")[0].strip()) if "_" in name else ""
    return SourceImage(filepath=entry.filepath, species=entry.species, camera=camera, datetime=time)


def _notes(lists: Sequence[Path], images: Sequence[SourceImage]) -> list[str]:
    notes = ["the camera is the file name up to the first '_', in whichever season"]
    nameless = [image.filepath for image in images if not image.camera]
    if nameless:
        notes.append(
            f"{len(nameless)} pictures have no camera: no '_' in their names, such as "
            f"{shown(nameless[0])}"
        )
    if len(lists) > 1:
        notes.append(f"the lists {', '.join(path.name for path in lists)} are pooled")
    return notes


def _holds_labels(season: Path) -> bool:
    """Tells whether the first folder of a season with files in it has names with "_"."""
    for label in sorted(path for path in season.iterdir() if path.is_dir()):
        with os.scandir(label) as entries:
            names = [entry.name for entry in itertools.islice(entries, 100) if entry.is_file()]
        if names:
            return any("_" in name for name in names)
    return False
