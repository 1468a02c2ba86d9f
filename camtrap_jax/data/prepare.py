"""Makes a dataset from a source: every picture is opened once, judged, shrunk and recorded."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax.config import DataConfig
from camtrap_jax.data.audit import audit
from camtrap_jax.data.checks import check_apart, check_before, first
from camtrap_jax.data.decoding.decoded_pictures import DecodedPictures, OnProgress, remove_spool
from camtrap_jax.data.decoding.pictures import Measured
from camtrap_jax.data.duplicates import near_duplicate_labels
from camtrap_jax.data.freshness import FILE, needs_preparing, preparation, written_files
from camtrap_jax.data.labels import shows_people
from camtrap_jax.data.manifest import (
    Assignment,
    assign_roles,
    class_labels,
    image_table,
)
from camtrap_jax.data.records import write_records
from camtrap_jax.data.sources import SourceListing, read_source
from camtrap_jax.data.sources.megadetector import apply_boxes, read_boxes
from camtrap_jax.store import replaced_folder, write_json, write_table


def prepare_dataset(
    source: Path,
    dataset: Path,
    config: DataConfig,
    *,
    overwrite: bool = False,
    may_change: bool = True,
    on_progress: OnProgress | None = None,
) -> bool:
    """Writes `dataset`: manifest, pictures and failures as CSV, audit and classes as JSON, records.

    All of it or nothing; a dataset that was prepared from the same pictures with the same settings
    is left as it is. Where pictures came, went or changed, only the new ones are decoded, and so it
    is after a preparation was killed. A picture that cannot be read is a row in failures.csv.

    Args:
      source: a folder of pictures, an annotation file, or the name of a TFDS data set.
      dataset: the folder to make.
      config: how images become records.
      overwrite: whether to make it with other settings where a dataset is; that one stays until the
        new one is complete.
      may_change: whether a dataset of fewer, more or other pictures may be replaced without that.
      on_progress: called with (files done, files in all).

    Returns:
      Whether anything was written.

    Raises:
      ValueError: the source cannot be used, or `dataset` holds something else; one line.
    """
    if dataset.is_symlink() or not dataset.name:
        dataset = dataset.resolve()  # the folder that is replaced, not the link to it
    listing, people = _read_listing(source, config)
    check_apart(listing.storage.root, dataset)
    if not listing.images:
        raise ValueError(f"{source}: no labelled pictures{first(listing.failures)}")
    wanted = preparation(source, listing, config, people=people)
    storage = listing.storage
    if not needs_preparing(dataset, wanted, storage, overwrite=overwrite, may_change=may_change):
        remove_spool(dataset)
        return False
    check_before(source, dataset, listing, config, overwrite=overwrite)
    pictures = DecodedPictures(dataset, config)
    is_complete = False
    try:
        pictures.decode(listing, on_progress)
        try:
            contents = _contents(listing, pictures, people, config)
        except ValueError as error:
            unread = f" (unreadable: {len(pictures.failures)})" if pictures.failures else ""
            raise ValueError(f"{source}: {error}{unread}") from None
        with replaced_folder(dataset) as folder:
            _write(folder, listing, pictures, contents, config)
            written = written_files(folder, pictures.unopened)
            write_json(folder / FILE, {**wanted, **written})
        is_complete = True
    finally:
        pictures.close(keep=not is_complete)
    return True


def _read_listing(source: Path, config: DataConfig) -> tuple[SourceListing, frozenset[str]]:
    """Lists the source, with boxes where they are given, and the files said to show people."""
    listing = read_source(source, config.format)
    listing.notes.extend(_unused_labels(listing, config))
    people = frozenset(i.filepath for i in listing.images if shows_people(i.species))
    if not config.boxes:
        return listing, people
    boxes = read_boxes(Path(config.boxes), min_confidence=config.box_confidence)
    listing, seen = apply_boxes(listing, boxes)
    return listing, people | seen


@dataclass(frozen=True, slots=True)
class _Contents:
    files: pd.DataFrame  # one row a file, as pictures.csv
    near_duplicate: np.ndarray  # of each image
    assignment: Assignment


def _unused_labels(listing: SourceListing, config: DataConfig) -> list[str]:
    """Names settings about labels that no picture has: a typing error, mostly."""
    labels = {entry.species.strip().casefold() for entry in listing.images}
    asked = {"excluded_labels": config.excluded_labels, "empty_labels": config.empty_labels}
    return [
        f"data.{name}: no picture is labelled {label!r}"
        for name, names in asked.items()
        for label in names
        if label.strip().casefold() not in labels
    ]


def _contents(
    listing: SourceListing,
    pictures: DecodedPictures,
    people: frozenset[str],
    config: DataConfig,
) -> _Contents:
    if not pictures.measured:
        failures = pictures.failures
        raise ValueError(f"none of {len(failures)} pictures can be read{first(failures)}")
    images = image_table(listing.images, pictures.measured, config)
    files = _file_table(pictures, images["filepath"].tolist(), people)
    near = near_duplicate_labels(images, files, config)
    return _Contents(files, near, assign_roles(images, near, config))


def _write(
    folder: Path,
    listing: SourceListing,
    pictures: DecodedPictures,
    contents: _Contents,
    config: DataConfig,
) -> None:
    assignment = contents.assignment
    manifest = assignment.manifest
    labels = class_labels(manifest, assignment.classes["known"])
    write_records(folder / "records", map(pictures.jpeg, manifest["filepath"]), labels)
    failures = [*listing.failures, *pictures.failures, *assignment.left_out]
    failed = pd.DataFrame(failures, columns=["filepath", "reason"])
    write_table(folder / "failures.csv", failed.sort_values(["filepath", "reason"]))
    write_table(folder / "pictures.csv", contents.files)
    write_table(folder / "manifest.csv", manifest)
    write_json(folder / "classes.json", assignment.classes)
    findings = audit(
        manifest,
        contents.files,
        config,
        near_duplicate=contents.near_duplicate,
        split_notes=assignment.notes,
    )
    facts = {
        "layout": listing.layout,
        "notes": listing.notes,
        "failures": len(failed),
        "sequence_level_labels": sum(entry.sequence_level for entry in listing.images),
    }
    write_json(folder / "audit.json", {**facts, **findings})


def _file_table(
    pictures: DecodedPictures, filepaths: Iterable[str], people: frozenset[str]
) -> pd.DataFrame:
    """Returns one row a file: what was measured, and whether its picture shows people."""
    names = [field.name for field in dataclasses.fields(Measured)]
    measured = (pictures.measured[path] for path in dict.fromkeys(filepaths))
    files = pd.DataFrame.from_records(map(operator.attrgetter(*names), measured), columns=names)
    shown = files.loc[files["filepath"].isin(list(people)), "sha256"]
    return files.assign(people=files["sha256"].isin(shown).astype(int))
