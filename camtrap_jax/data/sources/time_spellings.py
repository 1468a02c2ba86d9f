"""One time as cameras, spreadsheets and people spell it, and what it may mean.

Each spelling is matched whole: general parsers take "5" for the fifth of this month. What is read
is the camera's own wall clock; a zone behind it is dropped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from camtrap_jax.data.sources.values import MISSING

# What a value means if its date is written in each of ORDERS; None where it is no date then.
Readings = tuple[datetime | None, datetime | None, datetime | None]
ORDERS = ("the day first", "the month first", "the year first")

NO_CLOCK = "a date without a time of day"
_UNREADABLE = "no time that can be read"
_IMPOSSIBLE = "no possible date and time"
_FIRST_YEAR = 1990  # no picture was taken at the zero of a clock: 1899, 1970, 1980

_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_NAME = r"(?P<name>[a-z]{3,9})"
_DATES = (
    r"(?P<year>\d{4})([-/.:_ ])(?P<month>\d{1,2})\2(?P<day>\d{1,2})",
    r"(?P<year>\d{4})(?P<month>\d\d)(?P<day>\d\d)",
    r"(?P<first>\d{1,2})([-/. ])(?P<second>\d{1,2})\2(?P<third>\d{4}|\d\d)",
    rf"(?P<year>\d{{4}})[-/. ]{_NAME}[-/. ]{_DAY}",
    rf"{_DAY}[-/. ]{{0,2}}{_NAME}[-/., ]{{0,2}}(?P<year>\d{{4}}|\d\d)",
    rf"{_NAME}[-/. ]{{1,2}}{_DAY}[-/., ]{{1,2}}(?P<year>\d{{4}})",
)
_CLOCKS = (
    r"(?P<hour>\d{1,2})(?:(?P<sep>[:.-])(?P<minute>\d\d)"
    r"(?:(?P=sep)(?P<sec>\d\d)(?:[.,]\d{1,9})?)?)? ?(?P<half>[ap]\.?m\.?)?",
    r"(?P<hour>\d\d)(?P<minute>\d\d)(?P<sec>\d\d)?(?:\.\d{1,9})?",
    r"(?P<hour>\d{1,2}) ?h ?(?P<minute>\d\d)(?: ?(?:m|min|mn)? ?(?P<sec>\d\d) ?s?)?",
)
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]{0,6}[., ]{1,2})?"
_ZONE = r"(?: ?(?:z|[+-]\d\d(?::?\d\d)?)| [a-z]{3,5})?"
_SPELLINGS = [
    re.compile(f"{_WEEKDAY}{date}(?:(?:[t_, :-]|, | at ){clock}{_ZONE})?", re.ASCII)
    for date in _DATES
    for clock in _CLOCKS
]
_RUN_TOGETHER = re.compile(_DATES[1] + _CLOCKS[1], re.ASCII)
_YEAR_FIRST = re.compile(r"\d{4}[-/.: ]", re.ASCII)
_NUMBER = re.compile(r"\d{5,13}(?:\.\d{1,12})?", re.ASCII)
_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
# Numbers that are times from 1990 to 2099; the ranges do not overlap.
_EXCEL_DAYS = (32_874, 73_050)  # since 1899-12-30
_COMPACT_DATES = (19_900_101, 20_991_231)
_UNIX_SECONDS = (631_152_000, 4_102_444_800)


def parse_spelling(value: Any, latest: datetime) -> Readings | str | None:
    """Returns what a value may mean, or why it is no time; None where no value is given.

    Args:
      value: text; a number: seconds or milliseconds since 1970 in UTC, or days with a fraction as
        spreadsheets count them; or None.
      latest: later times are none that a picture was taken at.
    """
    if value is None:
        return None
    if isinstance(value, bool | list | dict):
        return _UNREADABLE
    text = " ".join(str(value).casefold().split())
    if text in MISSING:
        return None
    match = _RUN_TOGETHER.fullmatch(text)
    if match is None and _NUMBER.fullmatch(text):
        return _parse_number(float(text), latest)
    spelled = (spelling.fullmatch(text) for spelling in _SPELLINGS)
    match = match or next(filter(None, spelled), None)
    return _UNREADABLE if match is None else _parse_parts(match.groupdict(), latest)


def latest_plausible() -> datetime:
    """Returns the time after which, in any zone and by any clock, no picture was taken yet."""
    return datetime.now() + timedelta(days=2)


def parse_exif_time(value: Any) -> str:
    """Returns the time that a picture's EXIF gives, in the camera's own time.

    Args:
      value: text with the year first, `2021:03:04 05:06:07` or as other programs write it.

    Returns:
      "YYYY-MM-DD hh:mm:ss"; empty where it is none, or none that a picture was taken at.
    """
    text = str(value or "").strip("\0 ")
    if not _YEAR_FIRST.match(text):
        return ""
    found = parse_spelling(text, latest_plausible())
    moment = found[0] if isinstance(found, tuple) else None
    return "" if moment is None else moment.isoformat(" ", "seconds")


def from_unix(seconds: float) -> datetime:
    """Returns the UTC wall clock, in whole seconds, of seconds since 1970."""
    return datetime(1970, 1, 1) + timedelta(seconds=math.floor(seconds))


def implausible(moment: datetime, latest: datetime) -> str:
    """Says why no picture was taken at a time; empty where it may have been."""
    if moment.year < _FIRST_YEAR:
        return f"before {_FIRST_YEAR}"
    return "in the future" if moment > latest else ""


def _parse_number(number: float, latest: datetime) -> Readings | str:
    if _EXCEL_DAYS[0] <= number < _EXCEL_DAYS[1]:
        seconds = round(number * 86_400)
        return _fixed(datetime(1899, 12, 30) + timedelta(seconds=seconds), latest, seconds % 86_400)
    for scale in (1, 1000):
        if _UNIX_SECONDS[0] <= number / scale < _UNIX_SECONDS[1]:
            return _fixed(from_unix(number / scale), latest)
    return NO_CLOCK if _COMPACT_DATES[0] <= number <= _COMPACT_DATES[1] else _UNREADABLE


def _parse_parts(part: Mapping[str, str | None], latest: datetime) -> Readings | str:
    clock = _parse_clock(part)
    if isinstance(clock, str):
        return clock
    if "first" not in part:
        moment = _moment(part["year"], _month_number(part), part["day"], clock, latest)
        return _IMPOSSIBLE if moment is None else _fixed(moment, latest)
    first, second, third = part["first"] or "", part["second"], part["third"] or ""
    year_may_be_first = len(first) == len(third) == 2
    readings = (
        _moment(third, second, first, clock, latest),
        _moment(third, first, second, clock, latest),
        _moment(first, second, third, clock, latest) if year_may_be_first else None,
    )
    if not any(readings):
        return _IMPOSSIBLE
    problems = [implausible(moment, latest) for moment in readings if moment is not None]
    return problems[0] if all(problems) else readings


def _parse_clock(part: Mapping[str, str | None]) -> timedelta | str:
    """Returns the time since midnight, or what is wrong with it."""
    if part["hour"] is None:
        return NO_CLOCK
    half = part.get("half")
    if part["minute"] is None and half is None:
        return _UNREADABLE
    hour, minute, second = (int(part[name] or 0) for name in ("hour", "minute", "sec"))
    if hour > (23 if half is None else 12) or minute > 59 or second > 59:
        return _IMPOSSIBLE
    if half is not None:
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return timedelta(hours=hour, minutes=minute, seconds=second)


def _month_number(part: Mapping[str, str | None]) -> str:
    name = part.get("name")
    if name is None:
        return part["month"] or ""
    numbers = [k for k, month in enumerate(_MONTHS, start=1) if month.startswith(name)]
    return str(numbers[0]) if numbers else "0"


def _moment(
    year: str | None, month: str | None, day: str | None, clock: timedelta, latest: datetime
) -> datetime | None:
    number = int(year or 0)
    if len(year or "") == 2:
        number += 2000 if number + 2000 <= latest.year else 1900
        if number < _FIRST_YEAR:
            return None
    try:
        return datetime(number, int(month or 0), int(day or 0)) + clock
    except ValueError:
        return None


def _fixed(moment: datetime, latest: datetime, clock: float = 1) -> Readings | str:
    """Returns a time that means the same in every order; a `clock` of 0 is that of a bare date."""
    if not clock:
        return NO_CLOCK
    return implausible(moment, latest) or (moment, moment, moment)
