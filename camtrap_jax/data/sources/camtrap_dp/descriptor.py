"""What `datapackage.json` of a Camtrap DP package says about its tables.

Source: https://specs.frictionlessdata.io/tabular-data-resource.
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from camtrap_jax.data.sources.values import shown

TABLES = ("deployments", "media", "observations")
_VERSION = re.compile(r"camtrap-dp/v?(\d+)(\.[\w.-]*)?/")


class Resource(NamedTuple):
    """A CSV file: path in the package, and its delimiter where `datapackage.json` says it."""

    path: str
    delimiter: str | None


def parse_descriptor(value: Any, place: str) -> dict[str, Resource]:
    """Returns where each of `TABLES` lies.

    Args:
      value: parsed JSON.
      place: the file's name for messages.

    Raises:
      ValueError: the version is another than 1, or a table is not named; one line.
    """
    resources = value.get("resources") if isinstance(value, dict) else None
    if not isinstance(resources, list):
        raise ValueError(f"{place}: expected an object with a list `resources`")
    _check_version(value, place)
    found = {}
    for index, entry in enumerate(resources):
        name = entry.get("name") if isinstance(entry, dict) else None
        if name not in TABLES:
            continue
        if name in found:
            raise ValueError(f"{place}: resources[{index}].name: {name!r} occurs twice")
        found[name] = _resource(entry, f"{place}: resources[{index}]")
    missing = [name for name in TABLES if name not in found]
    if missing:
        raise ValueError(
            f"{place}: resources: expected {', '.join(TABLES)} of Camtrap DP; without "
            f"{', '.join(missing)}"
        )
    return found


def _resource(entry: dict[str, Any], place: str) -> Resource:
    path, dialect = entry.get("path"), entry.get("dialect")
    if isinstance(path, list) and len(path) == 1:
        path = path[0]
    if not isinstance(path, str) or not path:
        raise ValueError(f"{place}.path: expected the path of one CSV file, got {shown(path)}")
    if not path.isprintable():
        raise ValueError(f"{place}.path: expected a plain file name, got {shown(path)}")
    if path.lower().endswith((".gz", ".zip", ".parquet")):
        raise ValueError(f"{place}.path: expected CSV text, got {shown(path)}; unpack it first")
    delimiter = dialect.get("delimiter") if isinstance(dialect, dict) else None
    if delimiter is not None and (not isinstance(delimiter, str) or len(delimiter) != 1):
        raise ValueError(
            f"{place}.dialect.delimiter: expected one character, got {shown(delimiter)}"
        )
    return Resource(path.removeprefix("./"), delimiter)


def _check_version(value: dict[str, Any], place: str) -> None:
    """Refuses what is known to have other fields; accepts what does not say its version."""
    found = _VERSION.search(str(value.get("profile")))
    if found and found[1] != "1":
        raise ValueError(
            f"{place}: profile: expected Camtrap DP 1.x, got {found[1]}{found[2] or ''}, which has "
            "other fields; export the package again as 1.0"
        )
