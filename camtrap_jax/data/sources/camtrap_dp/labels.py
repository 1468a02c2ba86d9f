"""What `observations.csv` of a Camtrap DP package says about each picture."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from camtrap_jax.data.sources.camtrap_dp.csv_table import CsvTable
from camtrap_jax.data.sources.camtrap_dp.events import (
    Event,
    SpelledEvent,
    pictures_of_events,
)
from camtrap_jax.data.sources.camtrap_dp.media import Media
from camtrap_jax.data.sources.camtrap_dp.observation import (
    MISSING,
    OPTIONAL,
    REQUIRED,
    TYPES,
    Observation,
    box_of,
    species_of,
)
from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.listing import Box
from camtrap_jax.data.sources.values import label_problem, shown


@dataclass(slots=True)
class Label:
    """What the observations of one species say about one picture."""

    boxes: list[Box] = field(default_factory=list)
    by_machine: bool = True  # until one observation is a person's


@dataclass(slots=True)
class Observed:
    """What was observed in one picture: labels in the table's order."""

    sequence: str = ""
    labels: dict[str, Label] = field(default_factory=dict)
    sequence_level: bool = False


def read_labels(
    table: CsvTable, media: dict[str, Media], failures: list[Failure], notes: list[str]
) -> dict[str, Observed]:
    """Collects mediaID -> what was observed; pictures without an observation are not in it.

    Args:
      table: `observations.csv`.
      media: rows of `media.csv` by mediaID.
      failures: observations that cannot be used are appended.
      notes: on the text's encoding and on observations that are not used; appended.

    Raises:
      ValueError: the table cannot be read; one line.
    """
    notes.extend(table.notes)
    observed: dict[str, Observed] = defaultdict(Observed)
    of_events: list[SpelledEvent] = []
    num_of_media = 0
    for number, fields in table.rows(REQUIRED, OPTIONAL, failures):
        row = Observation._make(fields)
        num_of_media += row.level == "media"
        species = species_of(row)
        reason = _problem(row, species, media)
        if reason:
            failures.append(Failure(table.name, f"row {number}, {reason}"))
        elif row.level == "event":
            period = (row.event_start, row.event_end)
            of_events.append(SpelledEvent(number, row.deployment_id, period, species, row.event_id))
        else:
            reason = _add(observed[row.media_id], species, row)
            if reason:
                filepath = media[row.media_id].filepath
                failures.append(Failure(filepath, f"{table.name} row {number}, {reason}"))
    if of_events and num_of_media:
        notes.append(
            f"{len(of_events)} observations of whole events are not used: there are {num_of_media} "
            "of single pictures"
        )
    elif of_events:
        observed = _observed_events(pictures_of_events(table, of_events, media, failures))
        notes.append(
            f"{len(of_events)} observations of whole events label each picture taken from "
            "eventStart to eventEnd; a single picture may not show what its event does"
        )
    _prefer_people(observed, notes)
    return observed


def _problem(row: Observation, species: str, media: dict[str, Media]) -> str:
    if row.level not in ("media", "event"):
        return f"observationLevel: expected media or event, got {shown(row.level)}"
    if row.level == "media" and row.media_id not in media:
        return f"mediaID: {shown(row.media_id)} is not in media.csv"
    if not species:
        return f"observationType: {shown(row.type)} is none of {', '.join(TYPES)}"
    reason = label_problem(species)
    return f"scientificName: {reason}" if reason else ""


def _add(observed: Observed, species: str, row: Observation) -> str:
    """Adds an observation; says why its box cannot be used, empty where it can."""
    if row.event_id not in MISSING:
        observed.sequence = observed.sequence or row.event_id
    label = observed.labels.setdefault(species, Label())
    label.by_machine &= row.method == "machine"
    box, reason = box_of(row)
    if box is not None:
        label.boxes.append(box)
    return reason


def _observed_events(pictures: dict[str, list[Event]]) -> dict[str, Observed]:
    return {
        key: Observed(
            sequence=events[0].sequence,
            labels={event.species: Label(by_machine=False) for event in events},
            sequence_level=True,
        )
        for key, events in pictures.items()
    }


def _prefer_people(observed: dict[str, Observed], notes: list[str]) -> None:
    """Drops a machine's labels of pictures that people have classified, too."""
    num_pictures = 0
    for entry in observed.values():
        by_people = {name: each for name, each in entry.labels.items() if not each.by_machine}
        if by_people and len(by_people) < len(entry.labels):
            entry.labels = by_people
            num_pictures += 1
    if num_pictures:
        notes.append(
            f"a machine's other labels of {num_pictures} pictures are not used: people have "
            "classified these, too"
        )
