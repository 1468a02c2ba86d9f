"""List files of the Gorongosa release: a line for each picture, `path label [unix_seconds]`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from camtrap_jax.data.sources.folder import PICTURE_SUFFIXES
from camtrap_jax.data.sources.lines import decode_lines
from camtrap_jax.data.sources.values import parse_label, parse_path, shown

_HEAD_BYTES = 65_536
_HEAD_LINES = 50
# Names may have spaces, so the path ends where a picture's suffix does.
_END_OF_PATH = re.compile(rf"\.(?:{'|'.join(sorted(PICTURE_SUFFIXES))})(?=\s)", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list.

    Attributes:
      file: name of the list.
      number: of the line, from 1.
      filepath: as listed, with "/".
      label: text, or a class id.
      time: seconds since 1970 as text, empty where none is given.
      problem: why the line cannot be read; the others but the first two are empty then.
    """

    file: str
    number: int
    filepath: str = ""
    label: str = ""
    time: str = ""
    problem: str = ""

    @property
    def is_class_id(self) -> bool:
        """Whether the label is a number."""
        return self.label.isdecimal()


def find_list_files(folder: Path) -> list[Path]:
    """Returns the list files that lie directly in a folder.

    Raises:
      OSError: the folder or a text file in it cannot be opened.
    """
    texts = (path for path in folder.iterdir() if path.suffix.casefold() == ".txt")
    return sorted(path for path in texts if path.is_file() and is_list_file(path))


def is_list_file(file: Path) -> bool:
    """Tells whether most of a file's first lines list a picture.

    Raises:
      OSError: it cannot be opened.
    """
    with file.open("rb") as stream:
        data = stream.read(_HEAD_BYTES)
    lines, _ = decode_lines(data)
    if len(data) == _HEAD_BYTES and len(lines) > 1:
        lines.pop()  # it may be cut
    head = [line for line in lines if line.strip()][:_HEAD_LINES]
    good = sum(_split_line(line) is not None for line in head)
    return good > len(head) / 2


def read_lines(file: Path) -> Iterator[Line]:
    """Yields the lines that are not empty.

    Raises:
      OSError: it cannot be opened.
    """
    lines, _ = decode_lines(file.read_bytes())
    for number, text in enumerate(lines, start=1):
        if not text.strip():
            continue
        parts = _split_line(text)
        if parts is None:
            expected = "`path label` or `path label unix_seconds`"
            problem = f"expected {expected}, got {shown(text)}"
            yield Line(file.name, number, problem=problem)
        else:
            yield Line(file.name, number, *parts)


def _split_line(text: str) -> tuple[str, str, str] | None:
    """Returns path, label and time; None for a line of something else."""
    ends = [match.end() for match in _END_OF_PATH.finditer(text)]
    words = text[ends[-1] :].split() if ends else []
    if not words:
        return None
    has_time = len(words) > 1 and _NUMBER.fullmatch(words[-1])
    label = parse_label(" ".join(words[:-1] if has_time else words))
    return parse_path(text[: ends[-1]].strip()), label, words[-1] if has_time else ""
