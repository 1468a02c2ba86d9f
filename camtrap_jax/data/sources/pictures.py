"""Lists pictures that nobody has labelled: whatever lies on a camera's card."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path

from camtrap_jax.data.sources import read_source
from camtrap_jax.data.sources.camtrap_dp import is_camtrap_dp, read_package_pictures
from camtrap_jax.data.sources.files import Failure, printable, walk_files
from camtrap_jax.data.sources.folder import is_picture, named_folders
from camtrap_jax.data.sources.listing import SourceImage, SourceListing, sort_images
from camtrap_jax.data.sources.storage import FolderStorage, Storage, ZipStorage
from camtrap_jax.data.sources.values import same_form

_FOREIGN = ("__MACOSX/", "._")


def list_pictures(source: Path) -> SourceListing:
    """Lists every picture of a source once, without its label; opens no picture.

    The camera of a picture in a folder or archive is the folder that it lies in; those that cameras
    make on their cards (`DCIM/100RECNX`) do not count.

    Args:
      source: a folder, of which all pictures at any depth are taken; a zip archive of one; or a
        file that lists pictures: `datapackage.json` of a Camtrap DP package, COCO Camera Traps
        JSON, a CSV file.

    Raises:
      ValueError: it does not exist, cannot be read, or lists no picture; one line.
    """
    if not source.exists():
        raise ValueError(f"{source}: no such file or folder; --source names the pictures")
    try:
        listing = _list(source)
    except OSError as error:
        place = error.filename or source
        raise ValueError(f"{place}: cannot be opened: {error.strerror or error}") from None
    except ValueError as error:
        raise ValueError(printable(str(error))) from None
    if not listing.images:
        seen = f", but {len(listing.failures)} other files" if listing.failures else ""
        first = f", the first {listing.failures[0].filepath}" if listing.failures else ""
        raise ValueError(f"{source}: no pictures found{seen}{first}")
    return listing


def _list(source: Path) -> SourceListing:
    if source.is_dir():
        files, failures = walk_files(source.resolve())
        return _unlabelled(FolderStorage(source.resolve()), files, failures)
    if is_camtrap_dp(source):
        return read_package_pictures(source)
    if zipfile.is_zipfile(source):
        storage = ZipStorage(source)
        return _unlabelled(storage, storage.files(), [])
    return _without_labels(read_source(source))


def _unlabelled(storage: Storage, files: Iterable[str], failures: list[Failure]) -> SourceListing:
    images, cameras = [], {}
    for file in files:
        if not is_picture(file) or file.startswith(_FOREIGN) or "/._" in file:
            failures.append(Failure(file, "no picture, by its name"))
            continue
        folder = file.rpartition("/")[0]
        if folder not in cameras:
            cameras[folder] = same_form("/".join(named_folders(folder)))
        images.append(SourceImage(filepath=file, species="", camera=cameras[folder]))
    return SourceListing(storage=storage, layout="pictures", images=images, failures=failures)


def _without_labels(listing: SourceListing) -> SourceListing:
    """Keeps one entry of a picture that has several labels."""
    entries = {entry.filepath: entry for entry in reversed(listing.images)}
    images = [
        SourceImage(
            filepath=entry.filepath,
            species="",
            camera=entry.camera,
            sequence=entry.sequence,
            frame=entry.frame,
            datetime=entry.datetime,
        )
        for entry in entries.values()
    ]
    return SourceListing(
        storage=listing.storage,
        layout=listing.layout,
        images=sort_images(images),
        failures=listing.failures,
        notes=listing.notes,
    )
