"""Pictures that lie in a source and that its annotations do not mention."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from camtrap_jax.data.sources.files import walk_files
from camtrap_jax.data.sources.folder import is_picture
from camtrap_jax.data.sources.values import shown


def unlisted_in_folder(
    root: Path, listed: Collection[str], annotations: str, *, below: str = ""
) -> list[str]:
    """Counts the pictures below a folder that are not listed; at most one note.

    Args:
      root: a resolved folder, walked once.
      listed: paths relative to it, with "/"; those of pictures that cannot be used, too.
      annotations: name of the file that lists them.
      below: folder of the pictures, with a "/" at its end, where others hold masks or the like.

    Raises:
      OSError: the folder cannot be opened.
    """
    files = (file for file in walk_files(root)[0] if file.startswith(below))
    return unlisted(files, listed, annotations)


def unlisted(files: Iterable[str], listed: Collection[str], annotations: str) -> list[str]:
    """Counts the pictures among files that are not listed; at most one note."""
    pictures = [file for file in files if is_picture(file)]
    known = frozenset(listed)
    left = [file for file in pictures if file not in known]
    if not left:
        return []
    return [
        f"{len(left)} of the source's {len(pictures)} pictures are not in {annotations} and not "
        f"used, such as {shown(left[0])}"
    ]
