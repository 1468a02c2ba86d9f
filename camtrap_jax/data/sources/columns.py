"""The header of a table of labels: where it is, and what its columns are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from camtrap_jax.data.sources.lines import split_rows
from camtrap_jax.data.sources.values import shown

# Where a table has several columns for one role, the first of these is read and the others are
# not: what names a place before what names a device, a label before the ranks around it. Case,
# spaces, "_", "-" and "." do not matter.
COLUMNS = {
    "filepath": (
        *("filepath", "relative_filepath", "file_location", "image_path", "path", "filename"),
        *("file", "image_file", "image_name", "image", "photo", "picture"),
    ),
    "folder": ("relative_path", "directory"),
    "label": (
        *("label", "species", "scientific_name", "species_name", "taxon", "common_name"),
        *("class_name", "category_name", "class", "category"),
    ),
    "camera": (
        *("deployment_id", "deployment", "site_id", "site", "site_name"),
        *("station_id", "station", "station_name", "location_id", "location", "location_name"),
        *("camera_id", "camera", "camera_name"),
    ),
    "datetime": (
        *("datetime", "datetime_original", "date_time_original", "timestamp", "date_taken"),
        *("time_taken", "captured_at", "capture_time"),
    ),
    "date": ("date", "capture_date"),
    "time": ("time", "time_of_day"),
    "sequence": (
        *("sequence_id", "sequence", "seq_id", "seq", "burst_id", "burst", "event_id", "event"),
    ),
    "frame": ("frame_num", "frame_number", "frame"),
    "split": ("split",),
}
DELIMITERS = ",;\t"
# Wildlife Insights writes Panthera and leo into two columns, and what is no species (Blank) only
# into a third. Read beside a column `species`, and never instead of one.
_BESIDE_SPECIES = {"genus": "genus", "commonname": "common_name"}
_RANKS = {
    name.replace("_", ""): (role, rank)
    for role, names in COLUMNS.items()
    for rank, name in enumerate(names)
}


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
    return max(found, key=lambda header: (len(_roles(header)), len(header.names)), default=None)


def is_of_labels(header: Header) -> bool:
    """Tells whether there are columns for the file and the label."""
    return {"filepath", "label"} <= _roles(header)


def match_columns(header: Header) -> tuple[dict[str, int], list[str]]:
    """Chooses the column for each key of `COLUMNS`, and for `genus` and `common_name`.

    The last two are only there where the label is a column `species` beside a column `genus`.

    Returns:
      Index of the column by role, and notes on roles that several columns could have.

    Raises:
      ValueError: two columns of one role have the very same name; the message names both.
    """
    ranked: dict[str, dict[int, int]] = {}  # role -> rank -> index
    for index, name in enumerate(header.names):
        role, rank = _RANKS.get(_plain(name), ("", 0))
        first = ranked.setdefault(role, {}).setdefault(rank, index)
        if role and first != index:
            raise ValueError(
                f"columns {first + 1} {shown(header.names[first])} and {index + 1} {shown(name)} "
                f"both give the {role}; remove or rename one"
            )
    ranked.pop("", None)
    orders = {role: [ranks[rank] for rank in sorted(ranks)] for role, ranks in ranked.items()}
    found = {role: order[0] for role, order in orders.items()}
    beside = _beside_species(header, found)
    notes = [
        f"the {role} is read from the column {_names(header, order[:1])}, not from "
        f"{_names(header, order[1:])}"
        for role, order in orders.items()
        if len(order) > 1 and not (role == "label" and beside)
    ]
    if beside:
        notes.append(_species_note(header, orders["label"], beside))
    return found | beside, notes


def expected_columns() -> str:
    """Says which columns a table of labels must have."""
    return (
        "a column for the file (filepath, file, filename, path, ...) and one for the label "
        "(label, species, scientific_name, common_name, ...)"
    )


def has_role(header: Header, role: str) -> bool:
    """Tells whether there is a column for one of `COLUMNS`."""
    return role in _roles(header)


def _roles(header: Header) -> set[str]:
    return {_RANKS[_plain(name)][0] for name in header.names if _plain(name) in _RANKS}


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.casefold()))


def _beside_species(header: Header, found: dict[str, int]) -> dict[str, int]:
    """Returns the columns that make a scientific name together with the one of the label."""
    if "label" not in found or _plain(header.names[found["label"]]) != "species":
        return {}
    names = [_plain(name) for name in header.names]
    if "genus" not in names:
        return {}
    return {role: names.index(name) for name, role in _BESIDE_SPECIES.items() if name in names}


def _species_note(header: Header, order: list[int], beside: dict[str, int]) -> str:
    note = f"the label is read from the columns {_names(header, [beside['genus']])} and "
    note += _names(header, order[:1])
    if "common_name" in beside:
        note += f", and from {_names(header, [beside['common_name']])} where both are empty"
    unused = [index for index in order[1:] if index != beside.get("common_name")]
    return note + (f", not from {_names(header, unused)}" if unused else "")


def _names(header: Header, indices: Sequence[int]) -> str:
    return ", ".join(shown(header.names[index]) for index in indices)
