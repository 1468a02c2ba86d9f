"""Rows of one of the package's CSV files, by the names of their columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.lines import Row, decode_lines, split_rows
from camtrap_jax.data.sources.values import shown

_DELIMITERS = ",;\t|"


class CsvTable:
    """A table as text; parsed anew each time that its rows are asked for."""

    def __init__(self, data: bytes, place: str, *, delimiter: str | None = None):
        """Decodes the text and reads its header.

        Args:
          data: the file's bytes.
          place: the file's name for messages.
          delimiter: None for the one that splits the header most.

        Raises:
          ValueError: there is no header; one line.
        """
        self.place = place
        self.name = place.rpartition("/")[2]
        self._lines, num_recoded = decode_lines(data)
        self.notes = []
        if num_recoded:
            self.notes.append(
                f"{num_recoded} lines of {self.name} are not UTF-8 and were read as Windows-1252"
            )
        headers = {mark: self._header(mark) for mark in delimiter or _DELIMITERS}
        self._delimiter = max(headers, key=lambda mark: len(headers[mark].fields))
        header = headers[self._delimiter]
        self._header_row, self.columns = header.number, header.fields
        if not any(header.fields):
            reason = header.problem or "an empty file"
            raise ValueError(f"{place}: expected a header with the columns' names, got {reason}")

    def rows(
        self, required: Sequence[str], optional: Sequence[str], failures: list[Failure]
    ) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yields each row's number, as a spreadsheet shows it, and its fields.

        Args:
          required: names of columns.
          optional: names of columns that count as empty where the table lacks them.
          failures: rows that cannot be used are appended.

        Raises:
          ValueError: a column is missing or occurs twice; one line.
        """
        width = len(self.columns)
        indices = [self._index(name, is_required=True) for name in required]
        indices += [self._index(name, is_required=False) for name in optional]
        for row in split_rows(self._lines, self._delimiter, width=width):
            fields = row.fields
            if row.number <= self._header_row or not (row.problem or any(fields)):
                continue
            if row.problem or any(fields[width:]):
                reason = row.problem or f"{len(fields)} fields, expected {width} as in the header"
                failures.append(Failure(self.name, f"row {row.number}: {reason}"))
                continue
            del fields[width:]
            # Spreadsheets leave out the delimiters of empty fields at a row's end.
            fields.extend([""] * (width + 1 - len(fields)))
            yield row.number, tuple([fields[index] for index in indices])

    def _index(self, name: str, *, is_required: bool) -> int:
        """Returns a column's index; the one behind the last, which is empty, for none."""
        count = self.columns.count(name)
        if count == 1:
            return self.columns.index(name)
        if count > 1:
            raise ValueError(f"{self.place}: the column {name!r} occurs {count} times")
        if not is_required:
            return len(self.columns)
        raise ValueError(
            f"{self.place}: expected a column {name!r}, got {shown(', '.join(self.columns))}"
        )

    def _header(self, delimiter: str) -> Row:
        rows = split_rows(self._lines, delimiter)
        return next((row for row in rows if row.problem or any(row.fields)), Row(0, []))
