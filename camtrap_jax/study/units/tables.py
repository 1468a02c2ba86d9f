"""What stage `units` found, as tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax import units
from camtrap_jax.study.units.background import Background
from camtrap_jax.study.units.information import Information

TOP_COLUMNS = [
    *("species", "rank", "unit", "nats", "sign", "camera_purity", "nats_corrected", "p_value"),
    *("patches", "cameras", "q_value", "nats_neighbours", "low", "high", "top_share"),
    *("burst_purity", "nats_given_camera", "verdict"),
]


def information_table(
    information: Information, background: Background, classes: list[str]
) -> pd.DataFrame:
    """One row a unit and species."""
    num_units, num_classes = information.nats.shape
    columns = {
        "unit": np.repeat(np.arange(num_units), num_classes),
        "species": np.tile(np.array(classes, object), num_units),
        "nats": information.nats.ravel(),
        "nats_corrected": information.corrected.ravel(),
        "sign": np.where(information.sign.ravel() > 0, "+", "-"),
        "p_value": information.p_value.ravel(),
        "q_value": information.q_value.ravel(),
        "nats_neighbours": information.neighbours.ravel(),
        "low": information.low.ravel(),
        "high": information.high.ravel(),
        "nats_given_camera": background.given_camera.ravel(),
    }
    return pd.DataFrame(columns)


def top_table(
    information: Information,
    background: Background,
    top: np.ndarray,
    patches: pd.DataFrame,
    classes: list[str],
) -> pd.DataFrame:
    """One row a species and rank; purities over the cameras and bursts of the unit's patches."""
    of_units = patches.groupby(["species", "rank"])
    seen_cameras, seen_bursts = (of_units[name].agg(list).to_dict() for name in ("camera", "burst"))
    rows = []
    for label, species in enumerate(classes):
        for rank, unit in enumerate(top[label][top[label] >= 0], start=1):
            cameras = seen_cameras.get((species, rank), [])
            bursts = seen_bursts.get((species, rank), [])
            at = unit, label
            rows.append(
                {
                    "species": species,
                    "rank": rank,
                    "unit": unit,
                    "nats": information.nats[at],
                    "sign": "+" if information.sign[at] > 0 else "-",
                    "camera_purity": units.purity(cameras),
                    "nats_corrected": information.corrected[at],
                    "p_value": information.p_value[at],
                    "patches": len(cameras),
                    "cameras": len({camera for camera in cameras if camera}),
                    "q_value": information.q_value[at],
                    "nats_neighbours": information.neighbours[at],
                    "low": information.low[at],
                    "high": information.high[at],
                    "top_share": information.top_share[at],
                    "burst_purity": units.purity(bursts),
                    "nats_given_camera": background.given_camera[at],
                    "verdict": background.verdicts[unit],
                }
            )
    return pd.DataFrame(rows, columns=TOP_COLUMNS)


def species_table(top: pd.DataFrame, redundancy: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """One row a species, what its top units tell together; those that lose most come first.

    `lost` is the share of their information, less its bias, that is gone among images of one
    camera: much where a species is bound to a place, nothing or less elsewhere. `overlap` is the
    mean share of what two of them say that they say alike.
    """
    rows = []
    for species in classes:
        own, pairs = top[top["species"] == species], redundancy[redundancy["species"] == species]
        nats, given = _mean(own["nats_corrected"]), _mean(own["nats_given_camera"])
        rows.append(
            {
                "species": species,
                "units": len(own),
                "nats_corrected": nats,
                "nats_given_camera": given,
                "lost": 1 - given / nats if nats > 0 else float("nan"),
                "top_share": _mean(own["top_share"]),
                "overlap": _mean(pairs["share"]),
                "background_units": own["verdict"].tolist().count("background"),
            }
        )
    return pd.DataFrame(rows).sort_values("lost", ascending=False, kind="stable")


def _mean(column: Any) -> float:
    """Mean of a table's defined numbers; nan where there are none."""
    values = np.asarray(column, float)
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
