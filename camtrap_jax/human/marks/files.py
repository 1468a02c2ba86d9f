"""Marks from a folder of PNG masks, a COCO file, or a folder of LabelMe files."""

from __future__ import annotations

from pathlib import Path

from camtrap_jax.human.marks.coco import coco_entries
from camtrap_jax.human.marks.entry import Entry
from camtrap_jax.human.marks.labelme import labelme_entry
from camtrap_jax.human.marks.png import png_entry
from camtrap_jax.store import read_json


def list_marks(path: Path) -> list[Entry]:
    """Lists the marked pictures; what is marked on them is read when it is asked for.

    A file is COCO's JSON. A folder with JSON files, at any depth, is LabelMe's: its pictures may
    lie beside them. Another folder holds PNG masks, each named after its picture, path and all, or
    after its `image_id`.

    Raises:
      FileNotFoundError: nothing is at `path`.
      ValueError: it is none of the three, or a file is not as it should be.
    """
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder of marks")
    if path.is_file():
        if path.suffix.lower() != ".json":
            raise ValueError(
                f"{path}: expected COCO's JSON, or a folder of PNG masks or of LabelMe files"
            )
        return coco_entries(path, read_json(path))
    files = sorted(one for one in path.rglob("*") if one.is_file() and not _is_hidden(one, path))
    by_suffix = {
        suffix: [one for one in files if one.suffix.lower() == suffix]
        for suffix in (".json", ".png")
    }
    if by_suffix[".json"]:
        return [labelme_entry(path, file, read_json(file)) for file in by_suffix[".json"]]
    if by_suffix[".png"]:
        return [png_entry(path, file) for file in by_suffix[".png"]]
    raise ValueError(f"{path}: expected PNG masks or LabelMe's JSON files in the folder, got none")


def _is_hidden(file: Path, folder: Path) -> bool:
    """Tells whether a name begins with a dot, as those that macOS and editors leave behind."""
    return any(part.startswith(".") for part in file.relative_to(folder).parts)
