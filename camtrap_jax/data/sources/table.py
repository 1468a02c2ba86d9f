"""A CSV file with a row for each picture and label.

Needed are a column for the file and one for the label; camera, time, sequence and frame are read
where they are there (`columns.COLUMNS` has the names). Paths are relative to the file's folder. A
picture with several species has a row for each. `NA` and the like mean that nothing is known. Bad
rows are failures, and the others all count.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from camtrap_jax.data.sources.columns import (
    Header,
    expected_columns,
    find_header,
    is_of_labels,
    match_columns,
)
from camtrap_jax.data.sources.files import Failure, file_problems
from camtrap_jax.data.sources.lines import decode_lines
from camtrap_jax.data.sources.listing import SourceImage, SourceListing, sort_images
from camtrap_jax.data.sources.storage import FolderStorage
from camtrap_jax.data.sources.table_rows import Entry, read_entries, row_reason
from camtrap_jax.data.sources.times import parse_times
from camtrap_jax.data.sources.unlisted import unlisted_in_folder
from camtrap_jax.data.sources.values import parse_frame, shown

_HEAD_BYTES = 65_536


def is_label_table(file: Path) -> bool:
    """Tells whether a file begins with a header that has the two columns.

    Raises:
      OSError: it cannot be opened.
    """
    with file.open("rb") as stream:
        lines, _ = decode_lines(stream.read(_HEAD_BYTES))
    header = find_header(lines)
    return header is not None and is_of_labels(header)


def read_label_table(file: Path) -> SourceListing:
    """Lists the pictures that a CSV file names.

    Raises:
      ValueError: there is no header with the two columns, two columns say the same, or there are no
        rows.
      OSError: the file cannot be opened.
    """
    lines, num_recoded = decode_lines(file.read_bytes())
    header, columns, chosen = _read_header(file, lines)
    storage = FolderStorage(file.parent.resolve())
    entries, failures = read_entries(file, lines, header, columns)
    if not entries and not failures:
        raise ValueError(f"{file}: has a header and no rows below it; expected one for a picture")
    listed = {entry.filepath for entry in entries} | {failure.filepath for failure in failures}
    entries = _usable(file, storage.root, entries, failures)
    times = parse_times([entry.time for entry in entries])
    names = {role: f"column {shown(header.names[k])}" for role, k in columns.items()}
    for index, entry in enumerate(entries):
        for reason in _unused_fields(entry, times.problems.get(index, ""), names):
            failures.append(Failure(entry.filepath, row_reason(file, entry.number, reason)))
    images = [_image(entry, time) for entry, time in zip(entries, times.texts, strict=True)]
    return SourceListing(
        storage=storage,
        layout="csv",
        images=sort_images(images),
        failures=failures,
        notes=[
            *chosen,
            *_notes(header, columns, num_recoded),
            *times.notes,
            *unlisted_in_folder(storage.root, listed, file.name),
        ],
    )


def _read_header(file: Path, lines: Sequence[str]) -> tuple[Header, dict[str, int], list[str]]:
    """Returns the header, the column of each role, and notes on how they were chosen."""
    header = find_header(lines)
    if header is None or not is_of_labels(header):
        seen = "an empty file" if header is None else f"the columns {shown(header.names)}"
        raise ValueError(f"{file}: expected a header with {expected_columns()}; got {seen}")
    try:
        return header, *match_columns(header)
    except ValueError as error:
        raise ValueError(f"{file} row {header.number}: {error}") from None


def _usable(file: Path, root: Path, entries: list[Entry], failures: list[Failure]) -> list[Entry]:
    """Returns the entries whose pictures are there, each species of a picture once."""
    kept: dict[tuple[str, str], Entry] = {}
    problems = file_problems(root, (entry.filepath for entry in entries))
    for entry, problem in zip(entries, problems, strict=True):
        first = kept.setdefault((entry.filepath, entry.species), entry) if not problem else entry
        again = f"listed as {shown(entry.species)} in row {first.number} too, kept once"
        reason = problem or (again if first is not entry else "")
        if reason:
            failures.append(Failure(entry.filepath, row_reason(file, entry.number, reason)))
    return list(kept.values())


def _unused_fields(entry: Entry, time_problem: str, names: dict[str, str]) -> list[str]:
    """Says what of a row is left out while its picture is kept."""
    reasons = []
    if time_problem:
        name = names.get("datetime") or names.get("date")
        reasons.append(f"{name}: {time_problem}; the picture is kept without it")
    if entry.frame and parse_frame(entry.frame) is None:
        found = shown(entry.frame)
        reasons.append(
            f"{names['frame']}: expected a whole number, got {found}; the picture is kept without"
        )
    return reasons


def _image(entry: Entry, time: str) -> SourceImage:
    return SourceImage(
        filepath=entry.filepath,
        species=entry.species,
        camera=entry.camera,
        sequence=entry.sequence,
        frame=parse_frame(entry.frame),
        datetime=time,
    )


def _notes(header: Header, columns: dict[str, int], num_recoded: int) -> list[str]:
    notes = []
    if "split" in columns:
        notes.append("the source's own splits are pooled")
    if num_recoded:
        notes.append(f"{num_recoded} lines are not UTF-8 and were read as Windows-1252")
    used = set(columns.values())
    if "datetime" in columns or "date" not in columns:
        used -= {columns.get("date"), columns.get("time")}
    unused = [name for index, name in enumerate(header.names) if index not in used and name]
    if unused:
        notes.append(f"columns that are not used: {', '.join(map(shown, unused))}")
    return notes
