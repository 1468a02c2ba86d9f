"""CSV and JSON files beside pictures that are no annotations, or annotations not understood.

What names the source's pictures is not passed over: folders would become labels, which may be
cameras.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from camtrap_jax.data.sources.coco_camera_traps import KEYS
from camtrap_jax.data.sources.columns import expected_columns, find_header
from camtrap_jax.data.sources.files import walk_files
from camtrap_jax.data.sources.folder import is_picture
from camtrap_jax.data.sources.lines import decode_lines
from camtrap_jax.data.sources.values import parse_path, shown

_HEAD_BYTES = 1_048_576
_MIN_STEM = 6
_MAX_NAMES = 8  # of columns or keys in a message
_FIELDS = re.compile(r'[,;\t|"\r\n]+')


def table_notes(source: Path, tables: Collection[Path], kind: str) -> list[str]:
    """Says why CSV files that lie in a folder are not used.

    Args:
      source: the folder.
      tables: files without the columns of a table of labels.
      kind: the format that the folder is read as without them.

    Raises:
      ValueError: one names pictures of the source; one line.
      OSError: a file or the folder cannot be opened.
    """
    if not tables:
        return []
    files, _ = walk_files(source.resolve())
    names = {_name(file) for file in files if is_picture(file)}
    # Some tables leave out the suffix; a short stem or a number may be the name of anything.
    stems = {name.rpartition(".")[0] for name in names}
    names |= {stem for stem in stems if len(stem) >= _MIN_STEM and not stem.isdecimal()}
    return [f"{file.name} was not used: {_table_reason(file, names, kind)}" for file in tables]


def json_note(file: Path, value: Any, kind: str) -> str:
    """Says why a JSON file is not used.

    Raises:
      ValueError: it has some of the lists of COCO Camera Traps, but not all; one line.
    """
    if not isinstance(value, dict) or not {"images", "annotations"} & value.keys():
        return f"{file.name} was not used: it has none of the lists {', '.join(KEYS)}"
    raise ValueError(
        f"{file}: {seen_keys(value)} are not all of the lists {', '.join(KEYS)} "
        f"that are expected of COCO Camera Traps JSON; {_advice('complete', kind)}"
    )


def seen_columns(file: Path) -> str:
    """Says what columns a CSV file has.

    Raises:
      OSError: it cannot be opened.
    """
    header = find_header(_head(file))
    return "no columns" if header is None else _listed(header.names, "columns")


def seen_keys(value: Any) -> str:
    """Says what keys parsed JSON has."""
    return _listed(value, "keys") if isinstance(value, dict) else "no object"


def _listed(names: Iterable[str], kind: str) -> str:
    seen = list(names)
    rest = ", ..." * (len(seen) > _MAX_NAMES)
    return f"the {kind} {', '.join(map(shown, seen[:_MAX_NAMES]))}{rest}" if seen else f"no {kind}"


def _head(file: Path) -> list[str]:
    with file.open("rb") as stream:
        return decode_lines(stream.read(_HEAD_BYTES))[0]


def _table_reason(file: Path, names: Collection[str], kind: str) -> str:
    lines = _head(file)
    header = find_header(lines)
    if header is None:
        return "it is empty"
    if "sourcefile" in (name.casefold() for name in header.names):
        return "it is exiftool's, without labels"
    fields = (field for line in lines for field in _FIELDS.split(line))
    example = next((field.strip() for field in fields if _name(field) in names), None)
    if example is None:
        return f"{_listed(header.names, 'columns')} do not name both a file and a label"
    raise ValueError(
        f"{file}: names pictures of the source, such as {shown(example)}, but "
        f"{_listed(header.names, 'columns')} are not the expected ones: {expected_columns()}; "
        f"{_advice('rename', kind)}"
    )


def _name(path: str) -> str:
    return parse_path(path.strip()).rpartition("/")[2].casefold()


def _advice(verb: str, kind: str) -> str:
    return f"{verb} them, or ignore the file with --format={kind}"
