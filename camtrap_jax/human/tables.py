"""CSV files that people wrote or spreadsheets saved, read strictly."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from camtrap_jax.data.sources.lines import decode_lines, split_rows

_DELIMITERS = (",", ";", "\t")


def read_people_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Reads columns of a CSV as text, with the row's number in the file as the table's index.

    Byte-order marks and semicolons, as spreadsheets write them, are fine; empty rows are passed
    over.

    Raises:
      FileNotFoundError: there is no file.
      ValueError: a column or a cell is missing, a row has too many, or quotes do not match.
    """
    lines, _ = decode_lines(path.read_bytes())
    head = next((line for line in lines if line.strip()), "")
    delimiter = max(_DELIMITERS, key=head.count)
    rows = [row for row in split_rows(lines, delimiter) if any(row.fields) or row.problem]
    names = rows[0].fields if rows else []
    missing = [name for name in columns if name not in names]
    if missing:
        raise ValueError(
            f"{path}: expected the columns {','.join(columns)}, got {','.join(names) or 'nothing'}"
        )
    for row in rows[1:]:
        if row.problem or len(row.fields) != len(names):
            problem = row.problem or f"expected {len(names)} cells, got {len(row.fields)}"
            raise ValueError(f"{path} row {row.number}: {problem}")
        for name, cell in zip(names, row.fields, strict=True):
            if name in columns and not cell:
                raise ValueError(f"{path} row {row.number}: expected a {name}, got nothing")
    numbers = pd.Index([row.number for row in rows[1:]], dtype="int64")
    table = pd.DataFrame([row.fields for row in rows[1:]], columns=names, index=numbers, dtype=str)
    return table.loc[:, list(columns)]


def tidied(text: str) -> str:
    """Spells a feature in one way: small letters, single spaces, composed accents."""
    return " ".join(unicodedata.normalize("NFC", text).lower().split())


def few(names: Sequence[str]) -> str:
    """Lists the first names, and counts the others."""
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
