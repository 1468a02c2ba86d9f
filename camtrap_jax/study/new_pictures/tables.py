"""Predictions as people read them: a row a picture, with its burst's vote."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import pandas as pd
from jaxtyping import Float

from camtrap_jax import evaluation
from camtrap_jax.data.bursts import burst_names, find_sequences
from camtrap_jax.data.sources import SourceListing
from camtrap_jax.study.classifier import Classifier
from camtrap_jax.study.new_pictures.parts import Answers
from camtrap_jax.study.sample import sequence_codes

_DIGITS = 5  # more would only be rounding, and differ between machines


def prediction_table(
    classifier: Classifier, listing: SourceListing, answers: Answers
) -> tuple[pd.DataFrame, Float[np.ndarray, "pictures classes"]]:
    """Returns a row for each picture that could be read, and its probabilities.

    Columns: `filepath, datetime, camera, sequence, frame`; `predicted` and its `probability`,
    `second_species` and its `second_probability`, `entropy` in nats; `sequence_species` and
    `sequence_probability`, the mean over the sequence's pictures; `unfamiliarity`,
    `nearest_species` and `above_threshold`: whether the picture is less familiar than all known
    species are on average.
    """
    is_read = answers.reason == ""
    images = _images(listing, answers, is_read)
    sequences = find_sequences(images, gap_sec=classifier.facts.burst_gap_sec)
    images = images.assign(sequence=sequences["sequence"], frame=sequences["frame"])
    answers = answers.rows(np.flatnonzero(is_read))
    probabilities = classifier.probabilities(answers.logits)
    codes = sequence_codes(images.assign(image_id=images["filepath"]))
    votes = evaluation.mean_probabilities(probabilities, codes)[codes]
    classes = np.array(classifier.facts.classes, object)
    order = np.argsort(-probabilities, axis=1, kind="stable")
    second = order[:, min(1, len(classes) - 1)]
    rows = np.arange(len(images))
    threshold = classifier.facts.threshold
    above = pd.array(answers.unfamiliarity > threshold, dtype="boolean")
    above[np.full(len(images), np.isnan(threshold))] = pd.NA
    table = images.assign(
        predicted=classes[order[:, 0]],
        probability=probabilities.max(axis=1).round(_DIGITS),
        second_species=classes[second],
        second_probability=probabilities[rows, second].round(_DIGITS),
        entropy=evaluation.entropy(probabilities).round(_DIGITS),
        sequence_species=classes[votes.argmax(axis=1)],
        sequence_probability=votes.max(axis=1).round(_DIGITS),
        unfamiliarity=answers.unfamiliarity.astype(np.float64).round(_DIGITS),
        nearest_species=classes[answers.nearest],
        above_threshold=above,
    )
    return table, probabilities


def failure_table(listing: SourceListing, answers: Answers) -> pd.DataFrame:
    """Returns `filepath, reason` of what has no prediction."""
    pairs = [(failure.filepath, failure.reason) for failure in listing.failures]
    pairs += answers.failures().items()
    return pd.DataFrame(sorted(pairs), columns=["filepath", "reason"])


def summary(table: pd.DataFrame, failures: pd.DataFrame, classifier: Classifier) -> Iterator[str]:
    """Yields lines that say what was found, the commonest species first."""
    sequences = pd.Series(burst_names(table), table.index)
    sequences = sequences.where(sequences != "", table["filepath"])
    yield (
        f"{len(table)} pictures of {table['camera'].nunique()} cameras in {sequences.nunique()} "
        f"sequences, {len(failures)} other files (failures.csv)"
    )
    if not classifier.is_calibrated:
        yield "probabilities are not calibrated: the run's validation images allow no temperature"
    counted = table.loc[table["detected"] == "animal"] if "detected" in table else table
    if len(counted) < len(table):
        yield f"{len(table) - len(counted)} pictures without a detected animal are not counted"
    pictures = Counter(counted["predicted"])
    votes = pd.DataFrame({"species": counted["sequence_species"], "sequence": sequences})
    votes = Counter(votes.loc[counted.index].drop_duplicates("sequence")["species"])
    for name in sorted({*pictures, *votes}, key=lambda name: (-pictures[name], name)):
        yield f"{name}: {pictures[name]} pictures, {votes[name]} sequences by their vote"
    above = counted["above_threshold"].dropna().to_numpy(bool)
    if len(above):
        yield f"{above.sum()} of them are less familiar than every known species is on average"


def _images(listing: SourceListing, answers: Answers, is_read: np.ndarray) -> pd.DataFrame:
    entries = zip(listing.images, answers.datetime.tolist(), is_read.tolist(), strict=True)
    rows = [
        (e.filepath, e.datetime or moment, e.camera, e.sequence, e.frame)
        for e, moment, good in entries
        if good
    ]
    names = ["filepath", "datetime", "camera", "sequence", "frame"]
    table = pd.DataFrame.from_records(rows, columns=names)
    return table.astype(dict.fromkeys(names[:4], "str")).astype({"frame": "Int64"})
