"""How numbers are written on the page; an undefined one is a dash."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

UNDEFINED = "\N{EN DASH}"


def estimate(value: Any) -> dict[str, float]:
    """Returns `value, low, high` of a plain number or of one with its interval."""
    if isinstance(value, Mapping):
        return {name: number(value.get(name)) for name in ("value", "low", "high")}
    return {"value": number(value), "low": math.nan, "high": math.nan}


def number(value: Any) -> float:
    """Returns a finite float, or nan for what is none."""
    try:
        result = float(value)
    except (TypeError, ValueError):
        return math.nan
    return result if math.isfinite(result) else math.nan


def percent(value: Any, digits: int = 1) -> str:
    """Writes a share in [0, 1] as a percentage."""
    share = number(value)
    return UNDEFINED if math.isnan(share) else f"{100 * share:z.{digits}f} %"


def decimal(value: Any, digits: int = 2) -> str:
    """Writes a number with a fixed number of decimals."""
    result = number(value)
    return UNDEFINED if math.isnan(result) else f"{result:z.{digits}f}"


def count(value: Any) -> str:
    """Writes a whole number with thousands separated."""
    result = number(value)
    return UNDEFINED if math.isnan(result) else f"{result:,.0f}"


def percent_interval(value: Any, digits: int = 1) -> str:
    """Writes the interval of an estimated share, or nothing where there is none."""
    return _interval(value, 100.0, digits, " %")


def decimal_interval(value: Any, digits: int = 2) -> str:
    """Writes the interval of an estimate, or nothing where there is none."""
    return _interval(value, 1.0, digits, "")


def p_value(value: Any) -> str:
    """Writes a p-value."""
    result = number(value)
    if math.isnan(result):
        return UNDEFINED
    return "< 0.001" if result < 0.001 else f"{result:.3f}".rstrip("0").rstrip(".")


def _interval(value: Any, factor: float, digits: int, unit: str) -> str:
    parts = estimate(value)
    if math.isnan(parts["low"]) or math.isnan(parts["high"]):
        return ""
    low, high = factor * parts["low"], factor * parts["high"]
    return f"{low:z.{digits}f} to {high:z.{digits}f}{unit}"


FILTERS = {
    "estimate": estimate,
    "percent": percent,
    "decimal": decimal,
    "count": count,
    "percent_interval": percent_interval,
    "decimal_interval": decimal_interval,
    "p_value": p_value,
}
