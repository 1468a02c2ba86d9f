"""Who classified the pictures, and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Origin:
    """The maker of predictions.

    Attributes:
      name: of the software and its network.
      time: of the classification, in UTC.
    """

    name: str
    time: datetime
