"""Boxes of animals, and which pictures show people, from MegaDetector's results.

Source: https://lila.science/megadetector-output-format, versions 1.x.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.json_text import parse_json
from camtrap_jax.data.sources.leading_folders import LeadingFolder, find_leading_folder
from camtrap_jax.data.sources.listing import Box, SourceListing
from camtrap_jax.data.sources.relative_boxes import relative_box
from camtrap_jax.data.sources.values import parse_key, parse_path, shown, union_box

_ANIMALS = frozenset({"animal", "animals"})
_PEOPLE = frozenset({"person", "persons", "people", "human", "humans"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Boxes:
    """What a results file says about the pictures that it lists.

    Attributes:
      name: of the file.
      min_confidence: the smallest `conf` of a detection that counts.
      filepaths: of all pictures in it, with "/"; those that could not be read among them.
      animals: filepath -> union of the animals' boxes, relative to the picture.
      people: filepaths of pictures that show people.
      animal_ids: of the detection categories that are animals.
      failures: entries that cannot be used.
    """

    name: str
    min_confidence: float
    filepaths: list[str] = field(default_factory=list)
    animals: dict[str, Box] = field(default_factory=dict)
    people: set[str] = field(default_factory=set)
    animal_ids: frozenset[str] = frozenset()
    failures: list[Failure] = field(default_factory=list)


def is_megadetector(value: Any) -> bool:
    """Tells whether parsed JSON has the list and the table of this format."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("images"), list)
        and isinstance(value.get("detection_categories"), dict)
    )


def read_boxes(file: Path, *, min_confidence: float) -> Boxes:
    """Reads a results file.

    Args:
      file: JSON.
      min_confidence: the smallest `conf` of a detection that counts, in [0, 1]. A person whose
        `conf` cannot be read counts, so that no such picture is shown.

    Raises:
      ValueError: the file cannot be read, is not of this format or has no category of animals.
    """
    if not 0 <= min_confidence <= 1:
        raise ValueError(f"min_confidence: expected a number in [0, 1], got {min_confidence!r}")
    try:
        value = parse_json(file.read_bytes(), str(file))
    except OSError as error:
        raise ValueError(f"{file}: cannot be opened: {error.strerror or error}") from None
    if not is_megadetector(value):
        raise ValueError(
            f"{file}: expected MegaDetector results, an object with the list `images` and the "
            "object `detection_categories`"
        )
    kinds = _kinds(file, value["detection_categories"])
    found = Boxes(
        name=file.name,
        min_confidence=min_confidence,
        animal_ids=frozenset(key for key, kind in kinds.items() if kind == "animal"),
    )
    seen: set[str] = set()
    unknown: list[str] = []
    for index, entry in enumerate(value["images"]):
        place = f"images[{index}]"
        name = entry.get("file") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name.strip():
            reason = f"{place}.file: expected a name, got {shown(name)}"
        elif parse_path(name) in seen:
            reason = f"{place}.file: {shown(name)} is listed before, the first entry is used"
        else:
            seen.add(parse_path(name))
            found.filepaths.append(parse_path(name))
            _read_entry(found, place, entry, kinds, unknown)
            continue
        found.failures.append(Failure(file.name, reason))
    if unknown:
        reason = f"{unknown[0]} is not in detection_categories; such detections: {len(unknown)}"
        found.failures.append(Failure(file.name, reason))
    return found


def apply_boxes(listing: SourceListing, boxes: Boxes) -> tuple[SourceListing, frozenset[str]]:
    """Gives each picture without a box of its own the one around its animals.

    Args:
      listing: of any source.
      boxes: of the same pictures; their paths may have one leading folder more or less.

    Returns:
      The listing, with notes and failures on what did not match; and the filepaths of its pictures
      that show people.

    Raises:
      ValueError: no picture is in both; one line.
    """
    targets = dict.fromkeys(image.filepath for image in listing.images)
    folder = _leading_folder(boxes, targets)
    names = _names(boxes, folder, targets)
    images, num_boxed = [], 0
    for image in listing.images:
        box = boxes.animals.get(names.get(image.filepath, ""))
        if image.box is None and box is not None:
            num_boxed += 1
            images.append(dataclasses.replace(image, box=box, box_frame=(1.0, 1.0)))
        else:
            images.append(image)
    notes, failures = _differences(boxes, folder, names, targets)
    notes.append(
        f"{boxes.name}: boxes with a confidence of at least {boxes.min_confidence:g} for "
        f"{num_boxed} of {len(images)} labelled pictures"
    )
    matched = dataclasses.replace(
        listing,
        images=images,
        failures=[*listing.failures, *boxes.failures, *failures],
        notes=[*listing.notes, *notes],
    )
    return matched, frozenset(target for target, name in names.items() if name in boxes.people)


def match_names(boxes: Boxes, filepaths: Iterable[str]) -> dict[str, str]:
    """Returns picture -> its path among `boxes.filepaths`, which may differ by a leading folder.

    Raises:
      ValueError: no picture is in both; one line.
    """
    targets = dict.fromkeys(filepaths)
    return _names(boxes, _leading_folder(boxes, targets), targets)


def _names(boxes: Boxes, folder: LeadingFolder, targets: dict[str, None]) -> dict[str, str]:
    names = {folder.apply(name): name for name in boxes.filepaths}
    return {target: name for target, name in names.items() if target in targets}


def _kinds(file: Path, categories: dict[str, Any]) -> dict[str, str]:
    """Returns category id -> animal, person or other."""
    kinds = {}
    for key, name in categories.items():
        plain = str(name).strip().casefold()
        kinds[key] = "animal" if plain in _ANIMALS else "person" if plain in _PEOPLE else "other"
    if "animal" not in kinds.values():
        raise ValueError(
            f"{file}: detection_categories: expected one called 'animal', got {shown(categories)}"
        )
    return kinds


def _read_entry(
    found: Boxes, place: str, entry: dict[str, Any], kinds: dict[str, str], unknown: list[str]
) -> None:
    """Adds what one entry of `images` says, under the last of `filepaths`."""
    filepath = found.filepaths[-1]
    detections = entry.get("detections")
    if not isinstance(detections, list):
        reason = f"{place}.detections: expected a list, got {shown(detections)}"
        if isinstance(entry.get("failure"), str):
            reason = f"{place}.failure: {shown(entry['failure'])}"
        found.failures.append(Failure(found.name, f"{reason}, file {shown(filepath)}"))
        return
    boxes: list[Box] = []
    for index, detection in enumerate(detections):
        where = f"{place}.detections[{index}]"
        if not isinstance(detection, dict):
            reason = f"{where}: expected an object, got {shown(detection)}"
            found.failures.append(Failure(found.name, reason))
            continue
        key = parse_key(detection.get("category"))
        if key not in kinds:
            unknown.append(f"{where}.category: {shown(key)}")
            continue
        reason = _read_detection(found, boxes, detection, kinds[key])
        if reason:
            found.failures.append(Failure(found.name, f"{where}.{reason}"))
    box = union_box(boxes)
    if box is not None:
        found.animals[filepath] = box


def _read_detection(found: Boxes, boxes: list[Box], detection: dict[str, Any], kind: str) -> str:
    """Adds an animal's box, or a person; says what is wrong with the detection."""
    confidence: Any = detection.get("conf")
    reason = ""
    if not _is_fraction(confidence):
        reason = f"conf: expected a number in [0, 1], got {shown(confidence)}"
    elif confidence < found.min_confidence:
        return ""
    if kind == "person":
        found.people.add(found.filepaths[-1])
    if reason or kind != "animal":
        return reason
    values = detection.get("bbox")
    box = relative_box(values) if isinstance(values, list) else None
    if box is None:
        return f"bbox: {shown(values)} is no box in [0, 1]; not used"
    boxes.append(box)
    return ""


def _leading_folder(boxes: Boxes, targets: dict[str, None]) -> LeadingFolder:
    if not targets or not boxes.filepaths:
        return LeadingFolder()
    try:
        folder = find_leading_folder(boxes.filepaths, targets)
    except ValueError as error:
        raise ValueError(f"{boxes.name}: {error}; give it the paths of the source") from None
    if folder is None:
        raise ValueError(
            f"{boxes.name}: none of its {len(boxes.filepaths)} files is in the source, nor with a "
            f"leading folder more or less: {shown(boxes.filepaths[0])} there, "
            f"{shown(next(iter(targets)))} here"
        )
    return folder


def _differences(
    boxes: Boxes, folder: LeadingFolder, names: dict[Any, str], targets: dict[str, None]
) -> tuple[list[str], list[Failure]]:
    """Returns notes and failures on what the results and the source do not share."""
    notes, failures = [], []
    if folder.removed:
        notes.append(f"{boxes.name}: without the leading folder {folder.removed!r} of its paths")
    if folder.added:
        notes.append(f"{boxes.name}: with the leading folder {folder.added!r} before its paths")
    used = frozenset(names.values())
    strays = [name for name in boxes.filepaths if name not in used]
    if strays:
        reason = f"{len(strays)} of its files are not in the source, such as {shown(strays[0])}"
        failures.append(Failure(boxes.name, reason))
    missing = [target for target in targets if target not in names]
    if missing:
        notes.append(
            f"{boxes.name}: {len(missing)} of {len(targets)} pictures are not in it, such as "
            f"{shown(missing[0])}"
        )
    return notes, failures


def _is_fraction(value: Any) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 <= value <= 1  # False for nan
