"""Pictures sorted into folders named after their label.

Read: `label/file`, `camera/label/file` and either below a split (`train/label/file`). The folder
that holds a picture is its label, the folders above it are its camera. Splits of the source are
pooled: the pictures are split again.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from camtrap_jax.data.sources.files import walk_files
from camtrap_jax.data.sources.listing import Failure, SourceImage, SourceListing, sort_images

SPLITS = frozenset({"train", "training", "val", "valid", "validation", "test", "testing"})
_SUFFIXES = frozenset({"jpg", "jpeg", "png", "bmp", "tif", "tiff", "gif", "webp"})
# A few strays beside a clear layout are failures; more than that is a layout not understood.
_MAX_STRAYS = 0.1


def read_folder(source: Path) -> SourceListing:
    """Lists a folder of pictures; the layout is taken from where most pictures lie.

    Raises:
      ValueError: there are no files, or pictures lie at several depths.
    """
    root = source.resolve()
    files, failures = walk_files(root)
    if not files:
        raise ValueError(
            f"{source}: no files found; expected pictures as label/file, camera/label/file or "
            "split/label/file"
        )
    folders = {file: file.split("/")[:-1] for file in files}
    has_splits = _has_splits(folders)
    first = 1 if has_splits else 0
    depth = _label_depth(source, folders, first)
    layout = "/".join([*["split"] * first, *["camera"] * min(depth - 1, 1), "label", "file"])
    images = []
    for file, names in folders.items():
        if len(names) - first != depth or not names[-1].strip():
            failures.append(Failure(file, f"expected {layout}, where most pictures lie"))
            continue
        images.append(
            SourceImage(filepath=file, species=names[-1].strip(), camera="/".join(names[first:-1]))
        )
    return SourceListing(root=root, layout=layout, images=sort_images(images), failures=failures)


def _has_splits(folders: dict[str, list[str]]) -> bool:
    """Tells whether the top folders are splits, with labels below them."""
    top = {names[0].casefold() for names in folders.values() if len(names) > 1}
    return bool(top) and top <= SPLITS


def _label_depth(source: Path, folders: dict[str, list[str]], first: int) -> int:
    """Returns how many folders below the splits most pictures lie."""
    pictures = [f for f in folders if f.rpartition(".")[2].lower() in _SUFFIXES] or list(folders)
    depths = Counter(len(folders[file]) - first for file in pictures)
    depth, count = min(depths.items(), key=lambda item: (-item[1], item[0]))
    if depth < 1:
        raise ValueError(
            f"{source}: {count} pictures lie beside each other, without a folder that names their "
            "label; expected label/file, camera/label/file or split/label/file"
        )
    if count < (1 - _MAX_STRAYS) * len(pictures):
        example = {d: next(f for f in pictures if len(folders[f]) - first == d) for d in depths}
        seen = ", ".join(f"{depths[d]} like {example[d]!r}" for d in sorted(depths))
        raise ValueError(
            f"{source}: pictures lie at several depths ({seen}); expected one of label/file, "
            "camera/label/file, split/label/file for all of them"
        )
    return depth
