"""MegaDetector's results format: boxes in pictures, and the species in each box.

Source: https://lila.science/megadetector-output-format, version 1.6.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from camtrap_jax.export.origin import Origin
from camtrap_jax.store import atomic_path

FORMAT_VERSION = "1.6"
ANIMAL = "1"  # the format's id of the category `animal`
_WHOLE_IMAGE = [0, 0, 1, 1]  # x, y, width, height, relative to the picture
_LISTED = 5  # species a picture
_DIGITS = 5

Entry = dict[str, Any]


def write_megadetector(
    path: Path,
    entries: Iterable[Entry],
    *,
    classes: Sequence[str],
    origin: Origin,
    detections: Mapping[str, Any] | None = None,
) -> None:
    """Writes a results file, a picture a line.

    Args:
      path: JSON.
      entries: of the list `images`; taken one by one, so that memory does not grow with them.
      classes: species; their places are the ids of `classification_categories`.
      origin: who classified, and when.
      detections: the results whose boxes were classified, of which `info` and
        `detection_categories` are kept; None where the box is the whole picture.
    """
    found = detections or {"detection_categories": {ANIMAL: "animal"}}
    info = found.get("info")
    header = {
        "info": {
            **(info if isinstance(info, dict) else {"detector": "none: boxes are whole pictures"}),
            "format_version": FORMAT_VERSION,
            "classifier": origin.name,
            "classification_completion_time": origin.time.strftime("%Y-%m-%d %H:%M:%S"),
        },
        "detection_categories": found["detection_categories"],
        "classification_categories": {str(label): name for label, name in enumerate(classes)},
    }
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8") as stream:
        stream.write(_json(header).removesuffix("}") + ',"images":[')
        for number, entry in enumerate(entries):
            stream.write(("," if number else "") + "\n" + _json(entry))
        stream.write("\n]}\n")


def whole_image_entries(
    answers: Mapping[str, Float[np.ndarray, " classes"]], failures: Mapping[str, str]
) -> Iterator[Entry]:
    """Yields an entry a picture, by path: one box around all of it, or why it was not read.

    Args:
      answers: file -> probabilities.
      failures: file -> reason.
    """
    for file in sorted({*answers, *failures}):
        if file in answers:
            box = {"category": ANIMAL, "conf": 1.0, "bbox": _WHOLE_IMAGE}
            species = classifications(answers[file])
            yield {"file": file, "detections": [{**box, "classifications": species}]}
        else:
            yield {"file": file, "detections": None, "failure": failures[file]}


def classified_entries(
    entries: Iterable[Entry],
    answers: Mapping[str, Float[np.ndarray, " classes"]],
    names: Mapping[str, str],
    animals: frozenset[str],
) -> Iterator[Entry]:
    """Yields a detector's entries, the picture's species written into each box of an animal.

    Args:
      entries: of a detector's list `images`.
      answers: file -> probabilities; entries of other files stay as they are.
      names: an entry's `file` -> file.
      animals: the ids of detection categories that are animals.
    """
    for entry in entries:
        answer = answers.get(names.get(str(entry.get("file")), ""))
        boxes = entry.get("detections")
        if answer is None or not isinstance(boxes, list):
            yield entry
            continue
        species = classifications(answer)
        yield {**entry, "detections": [_classified(box, species, animals) for box in boxes]}


def classifications(probabilities: Float[np.ndarray, " classes"]) -> list[list[Any]]:
    """Returns the five likeliest species, `[id, probability]`, the likeliest first."""
    likeliest = np.argsort(-probabilities, kind="stable")[:_LISTED]
    return [[str(label), round(float(probabilities[label]), _DIGITS)] for label in likeliest]


def _classified(box: Any, species: list[list[Any]], animals: frozenset[str]) -> Any:
    if not isinstance(box, dict) or box.get("category") not in animals:
        return box
    return {**box, "classifications": species}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
