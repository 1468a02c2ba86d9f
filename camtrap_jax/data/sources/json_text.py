"""JSON from files that others wrote."""

from __future__ import annotations

import json
from typing import Any


def parse_json(data: bytes, place: str) -> Any:
    """Parses JSON, whatever is in it.

    Args:
      data: the file's bytes, UTF-8 with or without a byte order mark.
      place: the file's name for the error.

    Raises:
      ValueError: it is not JSON; one line.
    """
    try:
        return json.loads(data.decode("utf-8-sig"))
    except RecursionError:
        raise ValueError(f"{place}: expected JSON, got brackets nested without end") from None
    except ValueError as error:  # not UTF-8, not JSON, or a number of thousands of digits
        reason = " ".join(str(error).split())
        raise ValueError(f"{place}: expected JSON, got {reason[:200]}") from None
