"""Which pictures of a Camtrap DP package belong to an event: those taken while it lasted.

The standard defines an event as a deployment with a start and an end.

Source: https://camtrap-dp.tdwg.org/data/#observations.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from camtrap_jax.data.sources.camtrap_dp.csv_table import CsvTable
from camtrap_jax.data.sources.camtrap_dp.media import Media
from camtrap_jax.data.sources.files import Failure
from camtrap_jax.data.sources.values import shown

MAX_LABELS = 50  # of one picture; more is a table not understood


class SpelledEvent(NamedTuple):
    """An observation of a whole event, with start and end as the table spells them."""

    row: int
    camera: str
    period: tuple[str, str]
    species: str
    sequence: str


class Event(NamedTuple):
    """The same with times in s since 1970."""

    start: float
    end: float
    row: int
    species: str
    sequence: str


def pictures_of_events(
    table: CsvTable,
    observations: list[SpelledEvent],
    media: dict[str, Media],
    failures: list[Failure],
) -> dict[str, list[Event]]:
    """Finds the pictures that a camera took during its events.

    Args:
      table: where the observations are from.
      observations: in the table's order.
      media: pictures by id.
      failures: events without a period or without pictures of their deployment are appended.

    Returns:
      id -> events, one a species, in the table's order.

    Raises:
      ValueError: a column is missing, or more than `MAX_LABELS` species at once; one line.
    """
    for name in ("deploymentID", "eventStart", "eventEnd"):
        if name not in table.columns:
            raise ValueError(f"{table.place}: observations of events need a column {name!r}")
    pictures: dict[str, list[tuple[float, str]]] = defaultdict(list)
    for key, entry in media.items():
        moment = instant(entry.timestamp)
        if moment is not None:
            pictures[entry.camera].append((moment, key))
    found: dict[str, list[Event]] = {}
    for camera, events in _by_camera(table.name, observations, failures).items():
        if camera not in pictures:
            reason = (
                f"row {events[0].row}, deploymentID: {shown(camera)} has no pictures with a time; "
                f"such observations ({len(events)}) are not used"
            )
            failures.append(Failure(table.name, reason))
            continue
        try:
            found.update(events_by_picture(events, pictures[camera]))
        except ValueError as error:
            raise ValueError(f"{table.place}: {error}") from None
    return found


def _by_camera(
    name: str, observations: list[SpelledEvent], failures: list[Failure]
) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = defaultdict(list)
    for row, camera, period, species, sequence in observations:
        start, end = map(instant, period)
        if start is None or end is None or end < start:
            spelled = " to ".join(map(shown, period))
            reason = f"row {row}, eventStart and eventEnd: {spelled} is no period in ISO 8601"
            failures.append(Failure(name, reason))
        else:
            found[camera].append(Event(start, end, row, species, sequence))
    return found


def instant(text: str) -> float | None:
    """Returns an ISO 8601 time in s since 1970, of UTC where it has no offset; None for others."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()


def events_by_picture(
    events: Iterable[Event], pictures: Iterable[tuple[float, str]]
) -> Iterator[tuple[str, list[Event]]]:
    """Yields the pictures taken during events, with one event a species in the table's order.

    Args:
      events: of one camera.
      pictures: of the same camera, time in s since 1970 and id.

    Raises:
      ValueError: more than `MAX_LABELS` species at once.
    """
    coming = sorted(events, reverse=True)
    lasting: dict[str, Event] = {}
    ends: list[tuple[float, str]] = []
    for moment, key in sorted(pictures):
        while coming and coming[-1].start <= moment:
            event = coming.pop()
            if event.species not in lasting or lasting[event.species].end < event.end:
                lasting[event.species] = event
                heapq.heappush(ends, (event.end, event.species))
        while ends and ends[0][0] < moment:
            end, species = heapq.heappop(ends)
            if lasting[species].end == end:
                del lasting[species]
        if len(lasting) > MAX_LABELS:
            rows = ", ".join(str(event.row) for event in list(lasting.values())[:3])
            raise ValueError(f"rows {rows}, ...: more than {MAX_LABELS} labels at one time")
        if lasting:
            yield key, sorted(lasting.values(), key=lambda event: event.row)
