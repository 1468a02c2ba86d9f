"""Which of a dataset's pictures a file of marks means."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath

from camtrap_jax.human.marks.entry import Entry

Parts = tuple[str, ...]


def match_pictures(
    entries: Sequence[Entry], filepaths: Iterable[str], ids: dict[str, str]
) -> tuple[dict[str, Entry], list[Entry]]:
    """Finds each entry's picture.

    A name means a picture where one of the two paths is the end of the other, so that masks may lie
    in folders of their own, or names be absolute; a file's ending does not count.

    Args:
      entries: the marked pictures.
      filepaths: of all pictures of the dataset.
      ids: the picture of each `image_id`.

    Returns:
      Entries by picture, and those of none.

    Raises:
      ValueError: a name means several pictures, or two entries mean the same.
    """
    ends: dict[Parts, set[str]] = defaultdict(set)
    whole: dict[Parts, set[str]] = defaultdict(set)
    for path in set(filepaths):
        parts = _parts(path)
        whole[parts].add(path)
        for start in range(len(parts)):
            ends[parts[start:]].add(path)
    found: dict[str, Entry] = {}
    strangers = []
    for entry in entries:
        path = _picture_of(entry, ends, whole, ids)
        if path is None:
            strangers.append(entry)
        elif path in found:
            raise ValueError(f"{entry.where}: marks {path}, as {found[path].where} does")
        else:
            found[path] = entry
    return found, strangers


def _picture_of(
    entry: Entry,
    ends: dict[Parts, set[str]],
    whole: dict[Parts, set[str]],
    ids: dict[str, str],
) -> str | None:
    for name in entry.names:
        parts = _parts(name)
        if len(parts) == 1 and parts[0] in ids:
            return ids[parts[0]]
        longer = (whole[parts[start:]] for start in range(1, len(parts)) if parts[start:] in whole)
        paths = whole.get(parts) or ends.get(parts) or next(longer, set())
        if len(paths) > 1:
            first, second = sorted(paths)[:2]
            raise ValueError(
                f"{entry.where}: {name} may be {first} or {second}"
                f"{' and others' if len(paths) > 2 else ''}; put the folder before the name"
            )
        if paths:
            return next(iter(paths))
    return None


def _parts(path: str) -> Parts:
    """Splits a path; what leads upwards or nowhere is dropped, and so is the ending."""
    parts = [one for one in path.replace("\\", "/").split("/") if one not in ("", ".", "..")]
    if parts:
        parts[-1] = PurePosixPath(parts[-1]).stem
    return tuple(parts)
