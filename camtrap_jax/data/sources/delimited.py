"""Rows of CSV files from anywhere: commas, semicolons, tabs; a BOM, CRLF, foreign encodings."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Sequence

from camtrap_jax.data.sources.files import Failure

_DELIMITERS = ",;\t|"
# Named ones only: Python's table of codecs holds curiosities that are no encodings of text.
_ENCODINGS = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "utf-8-sig": "utf-8-sig",
    "ascii": "utf-8-sig",
    "us-ascii": "utf-8-sig",
    "utf-16": "utf-16",
    "iso-8859-1": "cp1252",  # as browsers do: the control characters in question never occur
    "latin-1": "cp1252",
    "latin1": "cp1252",
    "windows-1252": "cp1252",
    "cp1252": "cp1252",
}
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class DelimitedText:
    """A table as text; parsed anew each time that its rows are asked for."""

    def __init__(
        self,
        data: bytes,
        place: str,
        *,
        delimiter: str | None = None,
        encoding: str | None = None,
    ):
        """Decodes the text and reads its header.

        Args:
          data: the file's bytes.
          place: the file's name for messages.
          delimiter: None for the one that splits the header most.
          encoding: None for UTF-8, or UTF-16 with a byte order mark.

        Raises:
          ValueError: there is no header, or the encoding is not known; one line.
        """
        self.place = place
        self.name = place.rpartition("/")[2]
        self._text, self._is_damaged = _decode(data, place, encoding)
        headers = {mark: self._header(mark) for mark in delimiter or _DELIMITERS}
        self._delimiter = max(headers, key=lambda mark: len(headers[mark][1]))
        self._header_row, self.columns = headers[self._delimiter]
        if not any(self.columns):
            raise ValueError(f"{place}: expected a header with column names, got an empty file")

    def rows(
        self, required: Sequence[str], optional: Sequence[str], failures: list[Failure]
    ) -> Iterator[tuple[int, tuple[str, ...]]]:
        """Yields each row's number, as a spreadsheet shows it, and its stripped fields.

        Args:
          required: names of columns.
          optional: names of columns that count as empty where the table lacks them.
          failures: rows that cannot be used are appended.

        Raises:
          ValueError: a column is missing or occurs twice, or the text is no CSV; one line.
        """
        width = len(self.columns)
        indices = [self._index(name, is_required=True) for name in required]
        indices += [self._index(name, is_required=False) for name in optional]
        # Strict: a quote that is never closed would swallow all rows below it.
        for number, fields in self._records(self._delimiter, strict=True):
            if number <= self._header_row or not any(fields):
                continue
            if len(fields) > width and any(fields[width:]):
                reason = f"row {number}: {len(fields)} fields, expected {width} as in the header"
                failures.append(Failure(self.name, reason))
                continue
            fields[width:] = [""]
            fields.extend([""] * (width + 1 - len(fields)))
            values = tuple([fields[index].strip() for index in indices])
            if self._is_damaged and any(_REPLACEMENT in value for value in values):
                failures.append(Failure(self.name, f"row {number}: not UTF-8 text"))
                continue
            yield number, values

    def _index(self, name: str, *, is_required: bool) -> int:
        """Returns a column's index; the one behind the last, which is empty, for none."""
        count = self.columns.count(name)
        if count == 1:
            return self.columns.index(name)
        if count > 1:
            raise ValueError(f"{self.place}: the column {name!r} occurs {count} times")
        if not is_required:
            return len(self.columns)
        seen = ", ".join(self.columns)[:200]
        raise ValueError(f"{self.place}: expected a column {name!r}, got {seen!r}")

    def _records(self, delimiter: str, *, strict: bool) -> Iterator[tuple[int, list[str]]]:
        number = 0
        try:
            text = io.StringIO(self._text, newline="")
            reader = csv.reader(text, delimiter=delimiter, strict=strict)
            for number, fields in enumerate(reader, start=1):
                yield number, fields
        except csv.Error as error:
            raise ValueError(f"{self.place}: row {number + 1}: no CSV text: {error}") from None
        except (TypeError, ValueError) as error:
            raise ValueError(f"{self.place}: delimiter {delimiter!r}: {error}") from None

    def _header(self, delimiter: str) -> tuple[int, list[str]]:
        for number, fields in self._records(delimiter, strict=False):
            if any(fields):
                return number, [name.strip() for name in fields]
        return 0, []


def _decode(data: bytes, place: str, encoding: str | None) -> tuple[str, bool]:
    """Returns the text, and whether some of it could not be decoded."""
    codec = _ENCODINGS.get((encoding or "utf-8").strip().lower().replace("_", "-"))
    if codec is None:
        known = "utf-8, utf-16 or windows-1252"
        raise ValueError(f"{place}: encoding: expected {known}, got {str(encoding)[:100]!r}")
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codec = "utf-16"
    try:
        return data.decode(codec), False
    except UnicodeDecodeError:
        return data.decode(codec, errors="replace"), True
