"""The pictures of a Camtrap DP package: `media.csv`, and the ids in `deployments.csv`."""

from __future__ import annotations

from dataclasses import dataclass

from camtrap_jax.data.sources.camtrap_dp.package import Package, is_url
from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.values import parse_path, shown

_REQUIRED = ("mediaID", "deploymentID", "timestamp", "filePath")
_OPTIONAL = ("fileMediatype", "filePublic")


@dataclass(slots=True)
class Media:
    """A row of `media.csv`.

    Attributes:
      row: its number, as a spreadsheet shows it.
      filepath: in the package's storage.
      camera: the deployment's id.
      timestamp: as the file spells it.
      reason: why the picture cannot be used, empty where it can.
    """

    row: int
    filepath: str
    camera: str
    timestamp: str
    reason: str = ""

    def failure(self, table: str, reason: str) -> Failure:
        """Returns a failure that names the picture, the table's row and the reason."""
        return Failure(self.filepath or table, f"{table} row {self.row}, {reason}")


def read_media(package: Package, failures: list[Failure], notes: list[str]) -> dict[str, Media]:
    """Reads `media.csv` by mediaID; rows whose picture cannot be used are among them.

    Args:
      package: opened.
      failures: rows without an id and repeated ones are appended.
      notes: on the text's encoding and on pictures that are not public; appended.

    Raises:
      ValueError: a table cannot be read; one line.
    """
    table = package.read_table("media")
    notes.extend(table.notes)
    found: dict[str, Media] = {}
    num_private = 0
    for row, fields in table.rows(_REQUIRED, _OPTIONAL, failures):
        key, camera, timestamp, path, mediatype, public = fields
        media = Media(row, _filepath(package, path), camera, timestamp)
        other = found.setdefault(key, media) if key else None
        if other is media:
            media.reason = _problem(media.filepath, mediatype)
            num_private += public.casefold() == "false"
            continue
        if other is None:
            reason = "mediaID: empty"
        elif other.filepath == media.filepath:
            reason = f"mediaID: {shown(key)} is listed before, in row {other.row}; kept once"
        else:
            reason = f"mediaID: {shown(key)} is also the id of row {other.row}, another file"
            other.reason = f"mediaID: {shown(key)} is also the id of row {row}, another file"
        failures.append(media.failure(table.name, reason))
    _check_files(package, [media for media in found.values() if not media.reason])
    _check_deployments(package, found, failures)
    if num_private:
        notes.append(f"{num_private} pictures are marked as not public (filePublic is false)")
    return found


def _filepath(package: Package, path: str) -> str:
    """Returns the path in the package's storage; a URL as it is, for messages."""
    if not path or is_url(path):
        return path
    return package.folder + parse_path(path)


def _problem(filepath: str, mediatype: str) -> str:
    if not filepath:
        return "filePath: empty"
    is_picture = mediatype.casefold().partition("/")[0] not in ("video", "audio")
    return "" if is_picture else f"fileMediatype: {shown(mediatype)} is no picture"


def _check_files(package: Package, media: list[Media]) -> None:
    reasons = package.problems([entry.filepath for entry in media])
    for entry, reason in zip(media, reasons, strict=True):
        entry.reason = f"filePath: {reason}" if reason else ""


def _check_deployments(package: Package, media: dict[str, Media], failures: list[Failure]) -> None:
    """Reports deployments that `deployments.csv` does not have; their pictures are kept."""
    table = package.read_table("deployments")
    known = {fields[0] for _, fields in table.rows(["deploymentID"], [], failures)} - {""}
    unknown: dict[str, list[int]] = {}
    for entry in media.values():
        if entry.camera not in known and not entry.reason:
            unknown.setdefault(entry.camera, []).append(entry.row)
    name = package.name("media")
    for camera, rows in unknown.items():
        reason = (
            f"row {rows[0]}, deploymentID: {shown(camera)} is not in {table.name}; pictures of "
            f"such rows ({len(rows)}) are kept"
        )
        failures.append(Failure(name, reason))
