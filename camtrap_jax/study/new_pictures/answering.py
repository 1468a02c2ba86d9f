"""The pass of the network over new pictures: read, answered and stored part by part."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from camtrap_jax.data.batches.file_batches import file_batches
from camtrap_jax.data.batches.loading import Batch
from camtrap_jax.data.decoding.pictures import CANNOT_BE_OPENED
from camtrap_jax.data.sources import SourceListing
from camtrap_jax.explain.dataset import Rows, one_late
from camtrap_jax.mesh import make_mesh, padded_batch_size, put_batch, put_replicated
from camtrap_jax.study.classifier import Classifier, make_classify
from camtrap_jax.study.console import OnProgress
from camtrap_jax.study.new_pictures import parts
from camtrap_jax.study.new_pictures.parts import Answers, joined, read_parts, write_part

Answered = tuple[Batch, dict[int, str], Rows]  # pixels apart, why not read, what was answered


def answer_pictures(
    classifier: Classifier,
    listing: SourceListing,
    folder: Path,
    *,
    batch_size: int,
    on_progress: OnProgress,
) -> Answers:
    """Answers the pictures that have no answer yet, and returns the answers to all.

    A part is stored whenever it is complete. A process that was killed goes on from there with the
    same batches, so that the answers have the same bytes. A file of another size or time of change
    is answered anew, and so is one that could not be opened.

    Args:
      classifier: see there.
      listing: of the pictures.
      folder: of the parts.
      batch_size: pictures at a time; rounded up to a multiple of the devices.
      on_progress: called with pictures answered and pictures in all.

    Returns:
      Answers in the listing's order.
    """
    stamps = [(e.filepath, *listing.storage.stamp(e.filepath)) for e in listing.images]
    known = _answered(folder)
    missing = [stamp for stamp in stamps if stamp not in known]
    total, size = len(stamps), padded_batch_size(batch_size)
    rows_of_part = max(1, parts.PART_ROWS // size) * size
    done, waiting, num_waiting = total - len(missing), [], 0
    for answers in _answers(classifier, listing, missing, size):
        waiting.append(answers)
        num_waiting += len(answers)
        done += len(answers)
        if num_waiting >= rows_of_part or done == total:
            write_part(folder, joined(waiting))
            waiting, num_waiting = [], 0
        on_progress(done, total)
    everything = joined(read_parts(folder))
    places = {stamp: place for place, stamp in enumerate(everything.stamps())}
    return everything.rows(np.array([places[stamp] for stamp in stamps]))


def _answered(folder: Path) -> set[tuple[str, int, int]]:
    known: dict[tuple[str, int, int], str] = {}
    for part in read_parts(folder):
        known.update(zip(part.stamps(), part.reason.tolist(), strict=True))
    return {stamp for stamp, why in known.items() if not why.startswith(CANNOT_BE_OPENED)}


def _answers(
    classifier: Classifier,
    listing: SourceListing,
    stamps: list[tuple[str, int, int]],
    batch_size: int,
) -> Iterator[Answers]:
    """Yields the answers to each batch of pictures, in order."""
    if not stamps:
        return
    facts = classifier.facts
    batches = file_batches(
        listing.storage.read,
        [filepath for filepath, _, _ in stamps],
        shape=(facts.image_size, facts.image_size),
        crop_bottom=facts.crop_bottom,
        short_side=facts.short_side,  # else some per cent of the answers are not `explain`'s
        batch_size=batch_size,
    )
    for batch, failures, answered in one_late(_answer_on_devices(classifier), batches):
        rows = batch["row"][batch["row"] >= 0]
        chosen = [stamps[row] for row in rows]
        yield Answers(
            filepath=np.array([filepath for filepath, _, _ in chosen]),
            num_bytes=np.array([num_bytes for _, num_bytes, _ in chosen], np.int64),
            modified=np.array([modified for _, _, modified in chosen], np.int64),
            datetime=batch["datetime"][: len(rows)],
            reason=np.array([failures.get(row, "") for row in rows.tolist()]),
            **{name: np.asarray(values)[: len(rows)] for name, values in answered.items()},
        )


def _answer_on_devices(
    classifier: Classifier,
) -> Callable[[tuple[Batch, dict[int, str]]], Answered]:
    mesh = make_mesh()
    classify = make_classify(classifier)
    variables = put_replicated(classifier.variables, mesh)
    centroids = put_replicated(classifier.centroids, mesh)

    def answer(pair: tuple[Batch, dict[int, str]]) -> Answered:
        batch, failures = pair
        pixels = put_batch({"pixels": batch.pop("pixels")}, mesh)["pixels"]
        return batch, failures, classify(variables, centroids, pixels)

    return answer
