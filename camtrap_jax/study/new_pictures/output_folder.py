"""The folder of predictions: whose answers it holds, and whether it is complete."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from camtrap_jax.store import lock_file, read_json, remove_leftovers, write_json
from camtrap_jax.study.new_pictures.parts import read_parts

PARTS = ".parts"
RESULT = "predict.json"
MEGADETECTOR = "megadetector.json"
CAMTRAP_DP = "camtrap_dp"
TABLES = ("predictions.csv", "failures.csv")
_OURS = (RESULT, *TABLES, MEGADETECTOR, CAMTRAP_DP, PARTS)
_MARK = f"{PARTS}/classifier.json"


@contextmanager
def open_output(
    output: Path, digest: str, filepaths: Collection[str], *, overwrite: bool
) -> Iterator[Path]:
    """Makes the folder, or checks that the answers in it are of the same network and pictures.

    No other process may write to it within the block, which gets the folder of the parts.

    Args:
      output: the folder.
      digest: of the classifier.
      filepaths: of the pictures.
      overwrite: whether other answers are thrown away.

    Raises:
      ValueError: it holds something else, or another process is writing to it.
    """
    mark = output / _MARK
    if output.exists() and not output.is_dir():
        raise ValueError(f"{output}: is a file; --output names a folder")
    others = output.exists() and any(path.name != PARTS for path in output.iterdir())
    if others and not mark.exists():
        raise ValueError(f"{output}: exists and holds no predictions; give another --output")
    (output / PARTS).mkdir(parents=True, exist_ok=True)
    problem = f"{output}: another process is predicting into it; wait for it to end"
    with lock_file(output / PARTS / "lock", problem):
        if mark.exists() and not overwrite:
            _check_same(output, read_json(mark), digest, filepaths)
        else:
            remove(output, [*_OURS[:-1], *(f"{PARTS}/{path.name}" for path in _parts(output))])
            write_json(mark, {"classifier": digest})
        for name in _OURS:
            remove_leftovers(output / name)
        yield output / PARTS


def is_complete(output: Path, key: str) -> bool:
    """Tells whether everything that `key` stands for was written and is still there."""
    path = output / RESULT
    found = read_json(path) if path.exists() else {}
    return found.get("key") == key and found.get("files") == file_sizes(output)


def file_sizes(output: Path) -> dict[str, int]:
    """Returns the sizes of the folder's results."""
    files = [path for name in _OURS[1:-1] for path in (output / name, *output.glob(f"{name}/*"))]
    sizes = {path.relative_to(output).as_posix(): path for path in files if path.is_file()}
    return {name: path.stat().st_size for name, path in sizes.items()}


def remove(output: Path, names: Collection[str]) -> None:
    """Deletes results that are not wanted any more."""
    for name in names:
        if (output / name).is_dir():
            shutil.rmtree(output / name)
        else:
            (output / name).unlink(missing_ok=True)


def _parts(output: Path) -> Iterator[Path]:
    return (output / PARTS).glob("*.npz")


def _check_same(
    output: Path, mark: dict[str, Any], digest: str, filepaths: Collection[str]
) -> None:
    if mark.get("classifier") != digest:
        raise ValueError(
            f"{output}: holds predictions of another network; give another --output, or "
            "--overwrite to replace them"
        )
    before = {path for part in read_parts(output / PARTS) for path in part.filepath.tolist()}
    gone = sorted(before - set(filepaths))
    if 2 * len(gone) > len(before):
        raise ValueError(
            f"{output}: {len(gone)} of its {len(before)} pictures are not in the source, the first "
            f"{gone[0]}; is it the right source, and whole? give another --output, or --overwrite"
        )
