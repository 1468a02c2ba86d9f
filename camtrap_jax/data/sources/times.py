"""Times of a whole column.

Whether 05/06/2019 is in May or in June, no value says by itself: the column decides, or nothing
does, and those times are not used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from camtrap_jax.data.sources.time_spellings import (
    NO_CLOCK,
    ORDERS,
    Readings,
    implausible,
    latest_plausible,
    parse_spelling,
)
from camtrap_jax.data.sources.values import shown

_ADVICE = "write YYYY-MM-DD hh:mm:ss"


@dataclass(frozen=True, slots=True)
class Times:
    """What a column of times says.

    Attributes:
      texts: for each value "YYYY-MM-DD hh:mm:ss", or empty.
      problems: of values that are given and are no time: index, and why.
      notes: why times of the column as a whole are not used, each with an example.
    """

    texts: list[str]
    problems: dict[int, str]
    notes: list[str]


def parse_times(values: Sequence[Any]) -> Times:
    """Reads the times of one column, or of one file.

    A date without a time of day is not used, though it is no problem of its value: it cannot tell
    one burst from another.

    Args:
      values: text, numbers or None, as `parse_spelling` reads them.
    """
    latest = latest_plausible()
    read = [parse_spelling(value, latest) for value in values]
    order, notes = _choose_order(values, read)
    texts, problems, bare = [], {}, []
    for index, found in enumerate(read):
        moment, reason = _resolve(found, order, latest)
        texts.append("" if moment is None else moment.isoformat(" ", "seconds"))
        if reason == NO_CLOCK:
            bare.append(index)
        elif reason:
            problems[index] = f"{shown(values[index])} is {reason}"
    if bare:
        notes.append(
            f"{len(bare)} of {len(values)} times are dates without a time of day, such as "
            f"{shown(values[bare[0]])}, and are not used; {_ADVICE}"
        )
    return Times(texts, problems, notes)


def _resolve(
    found: Readings | str | None, order: int | None, latest: datetime
) -> tuple[datetime | None, str]:
    """Returns a value's time, or why it has none; neither where there is nothing to explain."""
    if not isinstance(found, tuple):
        return None, found or ""
    if order is None and _is_open(found):
        return None, ""
    moment = found[order or 0]
    reason = "" if moment is None else implausible(moment, latest)
    return (None, reason) if reason else (moment, "")


def _is_open(readings: Readings) -> bool:
    """Tells whether it depends on the order what a value means."""
    return not readings[0] == readings[1] == readings[2]


def _choose_order(
    values: Sequence[Any], read: Sequence[Readings | str | None]
) -> tuple[int | None, list[str]]:
    """Returns the order in which every value is a date; None, and why, where none or several do."""
    orders, decisive = list(range(len(ORDERS))), []
    open_ones = [(k, r) for k, r in enumerate(read) if isinstance(r, tuple) and _is_open(r)]
    for index, readings in open_ones:
        left = [order for order in orders if readings[order] is not None]
        if len(left) < len(orders):
            decisive.append(shown(values[index]))
        orders = left
    lost = f"{len(open_ones)} of {len(values)} times are not used: "
    if not orders:
        seen = " and ".join(decisive[-2:])
        return None, [f"{lost}{seen} do not have day and month in one order; {_ADVICE}"]
    for index, readings in open_ones:
        meanings = [readings[order] for order in orders]
        if len(set(meanings)) > 1:
            dates = " or ".join(str(moment)[:10] for moment in meanings)
            value = shown(values[index])
            return None, [f"{lost}{value} may be {dates}, and no value decides it; {_ADVICE}"]
    return orders[0], []
