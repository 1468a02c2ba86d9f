"""Lists the pictures of a Camtrap DP package with their labels.

Pictures are those of `media.csv` that lie in the package; labels come from `observations.csv`.
Of `deployments.csv` only the ids are read: coordinates stay where they are.

Source: https://camtrap-dp.tdwg.org/data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path

from camtrap_jax.data.sources.camtrap_dp.labels import Observed, read_labels
from camtrap_jax.data.sources.camtrap_dp.media import Media, read_media
from camtrap_jax.data.sources.camtrap_dp.observation import MISSING
from camtrap_jax.data.sources.camtrap_dp.package import Package, open_package
from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.listing import SourceImage, SourceListing, sort_images
from camtrap_jax.data.sources.time_spellings import implausible, latest_plausible
from camtrap_jax.data.sources.unlisted import unlisted
from camtrap_jax.data.sources.values import same_form, shown, union_box


def read_camtrap_dp(source: Path) -> SourceListing:
    """Lists the pictures of a package and what was observed in each.

    A picture with several species is listed once under each. Where people have classified a
    picture, a machine's other labels of it are not used. Observations of whole events are used
    only where there are none of single pictures; they label all pictures of the event.

    Args:
      source: the package's folder, its `datapackage.json`, or a zip archive, read in place.

    Raises:
      ValueError: it is no package of version 1.x, or one of its tables cannot be read; one line.
    """
    package = open_package(source)
    failures: list[Failure] = []
    notes: list[str] = []
    media = read_media(package, failures, notes)
    observed = read_labels(package.read_table("observations"), media, failures, notes)
    name = package.name("media")
    listed = {entry.filepath for entry in media.values()} | {each.filepath for each in failures}
    notes.extend(unlisted(package.files(), listed, name))
    images: dict[tuple[str, str], SourceImage] = {}
    for key, entry, moment in _usable(media, name, failures):
        if key not in observed:
            failures.append(entry.failure(name, "mediaID: no observation of it"))
            continue
        for image in _source_images(entry, moment, observed[key]):
            if (image.filepath, image.species) not in images:
                images[image.filepath, image.species] = image
                continue
            reason = f"filePath: listed twice as {shown(image.species)}, kept once"
            failures.append(entry.failure(name, reason))
    return _listing(package, images.values(), failures, notes)


def read_package_pictures(source: Path) -> SourceListing:
    """Lists the pictures of a package, observed or not, without labels.

    Raises:
      ValueError: it is no package of version 1.x, or one of its tables cannot be read; one line.
    """
    package = open_package(source)
    failures: list[Failure] = []
    notes: list[str] = []
    media = read_media(package, failures, notes)
    images: dict[str, SourceImage] = {}
    for _, entry, moment in _usable(media, package.name("media"), failures):
        image = SourceImage(
            filepath=entry.filepath, species="", camera=_camera(entry), datetime=moment
        )
        images.setdefault(entry.filepath, image)
    return _listing(package, images.values(), failures, notes)


def _listing(
    package: Package, images: Iterable[SourceImage], failures: list[Failure], notes: list[str]
) -> SourceListing:
    return SourceListing(
        storage=package.storage,
        layout="camtrap_dp",
        images=sort_images(list(images)),
        failures=failures,
        notes=notes,
    )


def _usable(
    media: dict[str, Media], name: str, failures: list[Failure]
) -> Iterator[tuple[str, Media, str]]:
    """Yields id, row and time of the pictures that are there; what is wrong is appended."""
    latest = latest_plausible()
    for key, entry in media.items():
        if entry.reason:
            failures.append(entry.failure(name, entry.reason))
            continue
        moment, problem = _camera_time(entry.timestamp, latest)
        if problem:
            reason = f"timestamp: {shown(entry.timestamp)} is {problem}"
            failures.append(entry.failure(name, reason))
        yield key, entry, moment


def _camera(entry: Media) -> str:
    return "" if entry.camera in MISSING else same_form(entry.camera)


def _camera_time(text: str, latest: datetime) -> tuple[str, str]:
    """Returns "YYYY-MM-DD hh:mm:ss" in the camera's own time, or empty and why there is none."""
    try:
        moment = datetime.fromisoformat(text.strip()).replace(tzinfo=None)
    except ValueError:
        return "", "no ISO 8601 time"
    problem = implausible(moment, latest)
    return ("" if problem else moment.isoformat(" ", "seconds")), problem


def _source_images(entry: Media, moment: str, observed: Observed) -> Iterator[SourceImage]:
    for species, label in observed.labels.items():
        box = union_box(label.boxes)
        yield SourceImage(
            filepath=entry.filepath,
            species=species,
            camera=_camera(entry),
            sequence=observed.sequence,
            datetime=moment,
            box=box,
            box_frame=None if box is None else (1.0, 1.0),
            sequence_level=observed.sequence_level,
        )
