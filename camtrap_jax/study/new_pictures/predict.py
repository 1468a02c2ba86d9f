"""Names the animals on new pictures, and writes the tables and files that tell."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from camtrap_jax import __version__
from camtrap_jax.data.checks import check_apart
from camtrap_jax.data.sources import SourceListing
from camtrap_jax.data.sources.pictures import list_pictures
from camtrap_jax.store import hash_file, hash_json
from camtrap_jax.study.classifier import Classifier
from camtrap_jax.study.console import Console
from camtrap_jax.study.new_pictures.answering import answer_pictures
from camtrap_jax.study.new_pictures.boxes import read_detections
from camtrap_jax.study.new_pictures.output_folder import is_complete, open_output
from camtrap_jax.study.new_pictures.parts import Answers
from camtrap_jax.study.new_pictures.results import Found, write_results
from camtrap_jax.study.new_pictures.tables import failure_table, prediction_table, summary


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be written, and how.

    Attributes:
      formats: of `export.FORMATS`.
      boxes: MegaDetector results whose boxes get the species; None for boxes of whole pictures.
      box_confidence: detections below do not count.
      batch_size: pictures at a time.
      overwrite: whether answers in the folder are thrown away.
    """

    formats: tuple[str, ...] = ("megadetector",)
    boxes: Path | None = None
    box_confidence: float = 0.2
    batch_size: int = 32
    overwrite: bool = False


def predict_pictures(
    classifier: Classifier,
    source: Path,
    output: Path,
    console: Console,
    wanted: Wanted | None = None,
) -> None:
    """Writes predictions.csv, failures.csv and files for other programs into a folder.

    The same call again does nothing, goes on where a killed one was, or adds the pictures that
    have appeared since.

    Raises:
      ValueError: there are no pictures, none can be read, or the folder holds something else.
    """
    wanted = wanted or Wanted()
    listing = list_pictures(source)
    check_apart(listing.storage.root, output, flag="--output")
    filepaths = [image.filepath for image in listing.images]
    detections = None
    if wanted.boxes:
        detections = read_detections(wanted.boxes, filepaths, wanted.box_confidence)
    digest = classifier.digest()
    with open_output(output, digest, filepaths, overwrite=wanted.overwrite) as folder:
        progress = console.progress("predict", "pictures")
        answers = answer_pictures(
            classifier, listing, folder, batch_size=wanted.batch_size, on_progress=progress
        )
        _check_any(source, answers)
        key = _key(classifier, digest, listing, answers, wanted)
        if is_complete(output, key):
            console.say(f"predict: up to date, {output}")
            return
        failures = failure_table(listing, answers)
        table, probabilities = prediction_table(classifier, listing, answers)
        if detections:
            table = table.assign(detected=detections.detected(table["filepath"]))
        found = Found(classifier, answers, table, probabilities, failures, detections)
        about = {"key": key, "source": str(source)}
        write_results(output, found, wanted.formats, console, about)
    for line in summary(table, failures, classifier):
        console.say(f"predict: {line}")
    console.say(f"predict: done, {output}")


def _check_any(source: Path, answers: Answers) -> None:
    bad = answers.failures()
    if len(bad) == len(answers):
        first = next(iter(bad))
        raise ValueError(
            f"{source}: none of {len(bad)} pictures can be read; the first: {first}: {bad[first]}"
        )


def _key(
    classifier: Classifier,
    digest: str,
    listing: SourceListing,
    answers: Answers,
    wanted: Wanted,
) -> str:
    """Hashes all that the results depend on."""
    return hash_json(
        {
            "version": __version__,
            "classifier": [digest, dataclasses.asdict(classifier.facts)],
            "pictures": [dataclasses.astuple(image) for image in listing.images],
            "others": [dataclasses.astuple(failure) for failure in listing.failures],
            "answers": [answers.stamps(), answers.reason],
            "formats": sorted(wanted.formats),
            "boxes": wanted.boxes and [hash_file(wanted.boxes), wanted.box_confidence],
        }
    )
