"""Makes a dataset from a source: every picture is opened once, judged, shrunk and recorded."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pandas as pd

from camtrap_jax.config import DataConfig
from camtrap_jax.data.audit import audit
from camtrap_jax.data.freshness import FILE, is_prepared, preparation
from camtrap_jax.data.manifest import assign_roles, class_labels
from camtrap_jax.data.parallel import ordered_map
from camtrap_jax.data.pictures import read_picture
from camtrap_jax.data.records import write_records
from camtrap_jax.data.sources import Failure, SourceListing, read_source
from camtrap_jax.store import replaced_folder, write_json, write_table

OnProgress = Callable[[int, int], None]


def prepare_dataset(
    source: Path,
    dataset: Path,
    config: DataConfig,
    *,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
) -> None:
    """Writes `dataset`: manifest.csv, failures.csv, audit.json, classes.json and records/.

    All of it or nothing; a dataset that was prepared from the same pictures with the same settings
    is left as it is. A picture that cannot be read is a row in failures.csv.

    Args:
      source: a folder of pictures or an annotation file.
      dataset: the folder to make.
      config: how images become records.
      overwrite: whether to prepare anew where a dataset is; it stays until the new one is complete.
      on_progress: called with (pictures done, pictures in all).

    Raises:
      ValueError: the source cannot be used, or `dataset` holds something else; one line.
    """
    listing = read_source(source, config.format)
    _check_apart(listing.root, dataset)
    if not listing.images:
        raise ValueError(f"{source}: no labelled pictures{_first(listing.failures)}")
    wanted = preparation(source, listing, config)
    if is_prepared(dataset, wanted, overwrite=overwrite):
        return
    with replaced_folder(dataset) as folder:
        _build(source, listing, folder, config, on_progress)
        write_json(folder / FILE, wanted)


def _build(
    source: Path,
    listing: SourceListing,
    folder: Path,
    config: DataConfig,
    on_progress: OnProgress | None,
) -> None:
    spool = folder / "spool"  # labels are known only once every picture was seen
    with spool.open("wb") as stream:
        rows, sizes, failures = _read_pictures(listing, config, stream, on_progress)
    if not rows:
        count = len(listing.images)
        raise ValueError(f"{source}: none of {count} pictures can be read{_first(failures)}")
    try:
        manifest, classes = assign_roles(_image_table(rows), config)
    except ValueError as error:
        unread = f" (unreadable: {len(failures)})" if failures else ""
        raise ValueError(f"{source}: {error}{unread}") from None
    labels = class_labels(manifest, classes["known"])
    write_records(folder / "records", _spooled(spool, sizes), labels)
    spool.unlink()
    failed = pd.DataFrame([*listing.failures, *failures], columns=["filepath", "reason"])
    write_table(folder / "failures.csv", failed.sort_values(["filepath", "reason"]))
    write_table(folder / "manifest.csv", manifest)
    write_json(folder / "classes.json", classes)
    findings = {"layout": listing.layout, "failures": len(failed), **audit(manifest)}
    write_json(folder / "audit.json", findings)


def _read_pictures(
    listing: SourceListing, config: DataConfig, stream: BinaryIO, on_progress: OnProgress | None
) -> tuple[list[dict[str, Any]], list[int], list[Failure]]:
    """Appends each picture's JPEG to `stream`; returns rows, the JPEGs' sizes, and failures."""
    rows, sizes, failures = [], [], []
    # Threads: Pillow decodes and scales, nine tenths of the work, without the interpreter's lock,
    # and processes would import the caller's main module anew.
    read = functools.partial(read_picture, listing.root, config)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")  # damaged EXIF in readable pictures
        for done, outcome in enumerate(ordered_map(read, listing.images), start=1):
            if isinstance(outcome, Failure):
                failures.append(outcome)
            else:
                rows.append(outcome[0])
                sizes.append(stream.write(outcome[1]))
            if on_progress is not None:
                on_progress(done, len(listing.images))
    return rows, sizes, failures


def _image_table(rows: list[dict[str, Any]]) -> pd.DataFrame:
    images = pd.DataFrame(rows)
    return images.assign(frame=images["frame"].astype("Int64"))


def _spooled(spool: Path, sizes: list[int]) -> Iterator[bytes]:
    with spool.open("rb") as stream:
        for size in sizes:
            yield stream.read(size)


def _first(failures: list[Failure]) -> str:
    return f"; the first: {failures[0].filepath}: {failures[0].reason}" if failures else ""


def _check_apart(root: Path, dataset: Path) -> None:
    """Refuses a dataset that would be read as part of its source, or that holds the source."""
    target = dataset.resolve()
    if target.is_relative_to(root) or root.is_relative_to(target):
        raise ValueError(
            f"{dataset}: lies within the source {root}, or around it; give a --dataset elsewhere"
        )
