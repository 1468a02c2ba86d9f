"""The header of a table of labels: where it is, and what its columns are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from camtrap_jax.data.sources.lines import split_rows
from camtrap_jax.data.sources.values import shown

# Case, spaces, "_", "-" and "." do not matter.
COLUMNS = {
    "filepath": (
        *("filepath", "file", "filename", "path", "relative_filepath", "file_location"),
        *("image", "image_file", "image_name", "image_path", "photo", "picture"),
    ),
    "folder": ("directory", "relative_path"),
    "label": (
        *("label", "species", "species_name", "common_name", "scientific_name", "taxon"),
        *("class", "class_name", "category", "category_name"),
    ),
    "camera": (
        *("camera", "camera_id", "camera_name", "site", "site_id", "site_name"),
        *("location", "location_id", "location_name", "deployment", "deployment_id"),
        *("station", "station_id", "station_name"),
    ),
    "datetime": (
        *("datetime", "timestamp", "datetime_original", "date_time_original", "date_taken"),
        *("time_taken", "captured_at", "capture_time"),
    ),
    "date": ("date", "capture_date"),
    "time": ("time", "time_of_day"),
    "sequence": (
        *("sequence", "sequence_id", "seq", "seq_id", "event", "event_id", "burst", "burst_id"),
    ),
    "frame": ("frame", "frame_num", "frame_number"),
    "split": ("split",),
}
DELIMITERS = ",;\t"
_ROLES = {name.replace("_", ""): role for role, names in COLUMNS.items() for name in names}


@dataclass(frozen=True, slots=True)
class Header:
    """The names of a table's columns, and how to read the rows below them.

    Attributes:
      names: of all columns.
      delimiter: between fields.
      first_line: index of the line that row 1 begins at.
      number: the header's own row.
    """

    names: list[str]
    delimiter: str
    first_line: int
    number: int


def find_header(lines: Sequence[str]) -> Header | None:
    """Returns the first row that is not empty, by the delimiter that gives most known columns."""
    first_line = int(bool(lines) and lines[0].casefold().startswith("sep="))  # a spreadsheet's hint
    found = []
    for delimiter in DELIMITERS:
        rows = split_rows(lines[first_line:], delimiter)
        row = next((row for row in rows if any(row.fields) or row.problem), None)
        if row is not None and not row.problem:
            found.append(Header(row.fields, delimiter, first_line, row.number))
    return max(found, key=lambda header: len(_roles(header)), default=None)


def is_of_labels(header: Header) -> bool:
    """Tells whether there are columns for the file and the label."""
    return {"filepath", "label"} <= set(_roles(header))


def match_columns(header: Header) -> dict[str, int]:
    """Returns the index of the column for each key of `COLUMNS` that the header has.

    Raises:
      ValueError: two columns say the same; the message names both.
    """
    found: dict[str, int] = {}
    for index, name in enumerate(header.names):
        role = _role(name)
        if role is None:
            continue
        if role in found:
            other = found[role]
            raise ValueError(
                f"columns {other + 1} {shown(header.names[other])} and {index + 1} {shown(name)} "
                f"both give the {role}; remove or rename one"
            )
        found[role] = index
    return found


def expected_columns() -> str:
    """Says which columns a table of labels must have."""
    return (
        f"a column for the file ({', '.join(COLUMNS['filepath'][:4])}, ...) and one for the label "
        f"({', '.join(COLUMNS['label'][:4])}, ...)"
    )


def _roles(header: Header) -> list[str]:
    return [role for role in map(_role, header.names) if role]


def _role(name: str) -> str | None:
    return _ROLES.get("".join(filter(str.isalnum, name.casefold())))
