"""Lines and rows of text files whose encoding, line ends and delimiter nobody wrote down."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

# In this order: UTF-16's mark is the beginning of UTF-32's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# A quote that is not closed must not swallow the file.
_MAX_LINES = 100


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a table.

    Attributes:
      number: as a spreadsheet counts: from 1, empty rows too, a quoted line break is no new row.
      fields: without the spaces around them; empty where the row cannot be read.
      problem: why it cannot.
    """

    number: int
    fields: list[str]
    problem: str = ""


def decode_lines(data: bytes) -> tuple[list[str], int]:
    """Splits text into lines, without their ends.

    UTF-16 and UTF-32 are known by their byte order mark. Else a line that is not UTF-8 is read as
    Windows-1252, line by line: one damaged line does not change the others.

    Returns:
      The lines, and how many of them are not UTF-8.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _split(data.decode(encoding, "replace")), 0
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return _split(data.decode()), 0
    except UnicodeDecodeError:
        decoded = [_decode_line(line) for line in data.split(b"\n" if b"\n" in data else b"\r")]
    return _split("\n".join(text for text, _ in decoded)), sum(not good for _, good in decoded)


def split_rows(lines: Sequence[str], delimiter: str, *, width: int = 0) -> Iterator[Row]:
    """Splits lines into rows; a row whose quotes do not match takes no other row with it.

    Args:
      lines: without their ends.
      delimiter: between fields.
      width: how many fields a row has that goes on over several lines; 0 for any number. Two stray
        quotes far apart look like one field with line breaks, but hardly leave the others.
    """
    at = number = 0
    while at < len(lines):
        fields, used = _split_row(lines, at, delimiter)
        if used > 1 and width and len(fields) != width:
            fields, used = [], 0
        number += 1
        at += max(1, used)
        yield Row(number, fields, "" if used else "its quotes do not match")


def _split_row(lines: Sequence[str], at: int, delimiter: str) -> tuple[list[str], int]:
    """Returns the fields of the row that begins at a line, and how many lines it takes."""
    if '"' not in lines[at]:
        return [field.strip() for field in lines[at].split(delimiter)], 1
    following = (lines[k] + "\n" for k in range(at, min(at + _MAX_LINES, len(lines))))
    reader = csv.reader(following, delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        return [field.strip() for field in next(reader)], reader.line_num
    except csv.Error:
        return [], 0


def _decode_line(line: bytes) -> tuple[str, bool]:
    try:
        return line.decode(), True
    except UnicodeDecodeError:
        return line.decode("cp1252", "backslashreplace"), False


def _split(text: str) -> list[str]:
    lines = text.split("\n" if "\n" in text else "\r")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]
