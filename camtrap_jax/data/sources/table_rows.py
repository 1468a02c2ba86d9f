"""The rows of a table of labels: what each says, or why it cannot be used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from camtrap_jax.data.sources.columns import Header
from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.lines import Row, split_rows
from camtrap_jax.data.sources.values import (
    given,
    label_problem,
    missing_label,
    parse_key,
    parse_label,
    parse_path,
    shown,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that names a picture and its label; the rest is as it stands there."""

    number: int
    filepath: str
    species: str
    camera: str
    sequence: str
    frame: str
    time: str


def read_entries(
    file: Path, lines: Sequence[str], header: Header, columns: dict[str, int]
) -> tuple[list[Entry], list[Failure]]:
    """Reads the rows below a header.

    Args:
      file: the table; paths in it are relative to its folder.
      lines: of the whole file.
      header: from `find_header`.
      columns: from `match_columns`.
    """
    roots = (file.parent.resolve(), file.parent.absolute())
    same: dict[str, str] = {}  # labels and cameras recur: one text for all rows
    entries, failures = [], []
    rows = split_rows(lines[header.first_line :], header.delimiter, width=len(header.names))
    for row in rows:
        if row.number <= header.number or not (any(row.fields) or row.problem):
            continue
        fields = {name: row.fields[k] for name, k in columns.items() if k < len(row.fields)}
        filepath = _filepath(fields, roots)
        label = _label(fields)
        reason = _row_problem(row, header)
        if not reason and not filepath:
            reason = f"column {shown(header.names[columns['filepath']])}: the path is empty"
        problem = f"{label!r} means no label" if missing_label(label) else label_problem(label)
        if not reason and problem:
            reason = f"column {shown(header.names[columns['label']])}: {problem}"
        if reason:
            failures.append(Failure(filepath or file.name, row_reason(file, row.number, reason)))
            continue
        camera = given(parse_key(fields.get("camera")))
        entries.append(
            Entry(
                number=row.number,
                filepath=filepath,
                species=same.setdefault(label, label),
                camera=same.setdefault(camera, camera),
                sequence=given(parse_key(fields.get("sequence"))),
                frame=given(fields.get("frame", "")),
                time=_time(fields),
            )
        )
    return entries, failures


def row_reason(file: Path, number: int, reason: str) -> str:
    """Says where in a table something is wrong, and what."""
    return f"{file.name} row {number}: {reason}"


def _row_problem(row: Row, header: Header) -> str:
    if row.problem:
        return row.problem
    if row.fields == header.names:
        return "the header again"
    num_fields, num_names = len(row.fields), len(header.names)
    if num_fields < num_names or any(row.fields[num_names:]):
        return f"expected {num_names} fields as in the header, got {num_fields}"
    return ""


def _filepath(fields: dict[str, str], roots: Sequence[Path]) -> str:
    """Returns the path relative to the table's folder, as far as it can be; empty for none."""
    if not fields.get("filepath"):
        return ""
    filepath = parse_path(fields["filepath"])
    if given(fields.get("folder", "")) and not filepath.startswith("/"):
        filepath = parse_path(f"{fields['folder']}/{filepath}")
    if not filepath.startswith("/"):
        return filepath
    path = PurePosixPath(filepath)
    inside = [root for root in roots if path.is_relative_to(root)]
    return str(path.relative_to(inside[0])) if inside else filepath


def _label(fields: dict[str, str]) -> str:
    """Returns the label; with a genus the scientific name, or the common one where it has none."""
    label = parse_label(fields.get("label", ""))
    if "genus" not in fields:
        return label
    genus, species = parse_label(given(fields["genus"])), given(label)
    is_whole = species.casefold().startswith(genus.casefold())
    name = species if species and is_whole else f"{genus} {species}".strip()
    return name or parse_label(given(fields.get("common_name", "")))


def _time(fields: dict[str, str]) -> str:
    moment, date = given(fields.get("datetime", "")), given(fields.get("date", ""))
    return moment if moment or not date else f"{date} {given(fields.get('time', ''))}".strip()
