"""What explaining has to reach, against the peers and against our own prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.attribution_task import (
    CAPTUM,
    CAPTUM_GUIDED_GRAD_CAM,
    FUSED,
    GRAD_CAM,
    PREDICTING,
    PYTORCH_GRAD_CAM,
    THREE_MAPS,
)
from benchmarks.contest import ratios, spread

Rates = Mapping[str, Sequence[float]]  # images a second, round by round


@dataclass(frozen=True, slots=True)
class Bar:
    """A ratio that is wanted: ours over a peer's rate, or what ours costs beside predicting.

    Attributes:
      ours: of our programs.
      other: peer, or `PREDICTING`.
      wanted: at least, of a peer, or at most, of predicting; for each network.
    """

    ours: str
    other: str
    wanted: Mapping[str, float]


BARS = (
    Bar(THREE_MAPS, CAPTUM, {"vgg16": 4.0, "resnet50": 3.0}),
    Bar(THREE_MAPS, CAPTUM_GUIDED_GRAD_CAM, {"vgg16": 2.2, "resnet50": 1.8}),
    Bar(THREE_MAPS, PYTORCH_GRAD_CAM, {"vgg16": 8.0, "resnet50": 8.0}),
    Bar(THREE_MAPS, FUSED, {"vgg16": 1.0, "resnet50": 1.0}),
    Bar(THREE_MAPS, PREDICTING, {"vgg16": 2.4, "resnet50": 2.4}),
    Bar(GRAD_CAM, PREDICTING, {"vgg16": 1.05, "resnet50": 1.05}),
)


def against_bars(network: str, rates: Rates, finalists: Mapping[str, Sequence[str]]) -> list[Any]:
    """Holds the ratios, taken within rounds, against the bars.

    Args:
      network: its name.
      rates: of all contenders.
      finalists: of each peer that competed, the contenders; the one of the highest median counts.
    """
    found = []
    for bar in BARS:
        names = [PREDICTING] if bar.other == PREDICTING else finalists.get(bar.other, ())
        if not names:
            continue
        best = max(names, key=lambda name: spread(rates[name])["median"])
        is_cost = bar.other == PREDICTING
        pair = (best, bar.ours) if is_cost else (bar.ours, best)
        ratio = spread(ratios(*(rates[name] for name in pair)))
        wanted = bar.wanted[network]
        is_met = ratio["median"] <= wanted if is_cost else ratio["median"] >= wanted
        found.append(
            {
                "ours": bar.ours,
                "other": best,
                "is_cost": is_cost,
                **ratio,
                "wanted": wanted,
                "is_met": is_met,
            }
        )
    return found


def bar_line(found: Mapping[str, Any]) -> str:
    """Says one of them."""
    words, limit = ("the time of", "most") if found["is_cost"] else ("as fast as", "least")
    return (
        f"  {found['ours']}: {found['median']:.2f} times {words} {found['other']} "
        f"({found['min']:.2f} to {found['max']:.2f}); wanted at {limit} {found['wanted']:g}: "
        f"{'met' if found['is_met'] else 'MISSED'}"
    )
