"""Writes what was found out about new pictures."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from camtrap_jax.export import (
    Origin,
    classified_entries,
    whole_image_entries,
    write_camtrap_dp,
    write_megadetector,
)
from camtrap_jax.provenance import provenance
from camtrap_jax.store import write_json, write_table
from camtrap_jax.study.classifier import Classifier
from camtrap_jax.study.console import Console
from camtrap_jax.study.export import origin_name, report_left_out
from camtrap_jax.study.new_pictures.boxes import Detections
from camtrap_jax.study.new_pictures.output_folder import (
    CAMTRAP_DP,
    MEGADETECTOR,
    RESULT,
    file_sizes,
    remove,
)
from camtrap_jax.study.new_pictures.parts import Answers


@dataclass(frozen=True)
class Found:
    """Everything that is known about the pictures.

    Attributes:
      classifier: that answered.
      answers: to all of them.
      table: of `prediction_table`.
      probabilities: of the same rows.
      failures: of `failure_table`.
      detections: of a detector; None without.
    """

    classifier: Classifier
    answers: Answers
    table: pd.DataFrame
    probabilities: np.ndarray
    failures: pd.DataFrame
    detections: Detections | None


def write_results(
    output: Path,
    found: Found,
    formats: Collection[str],
    console: Console,
    about: dict[str, Any],
) -> None:
    """Writes all results; `predict.json`, which tells that they are complete, comes last.

    Args:
      output: the folder.
      found: what to write.
      formats: which files for other programs.
      console: where the files are named.
      about: more for `predict.json`.
    """
    remove(output, [RESULT, MEGADETECTOR, CAMTRAP_DP])
    write_table(output / "predictions.csv", found.table)
    write_table(output / "failures.csv", found.failures)
    facts = found.classifier.facts
    now = datetime.now(UTC).replace(microsecond=0)
    origin = Origin(origin_name(facts.network), now)
    if "megadetector" in formats:
        _write_megadetector(output / MEGADETECTOR, found, origin)
    if "camtrap_dp" in formats:
        left_out = write_camtrap_dp(output / CAMTRAP_DP, _tagged(found.table), origin)
        report_left_out(output / CAMTRAP_DP, left_out, console, "predict")
    about = about | {"pictures": len(found.table), "time": now.isoformat()}
    about |= {"network": dataclasses.asdict(facts), "files": file_sizes(output)}
    write_json(output / RESULT, about | provenance())


def _write_megadetector(path: Path, found: Found, origin: Origin) -> None:
    answers = dict(zip(found.table["filepath"], found.probabilities, strict=True))
    detections = found.detections
    if detections is None:
        entries = whole_image_entries(answers, found.answers.failures())
    else:
        entries = classified_entries(
            detections.entries(), answers, detections.pictures(), detections.boxes.animal_ids
        )
    write_megadetector(
        path,
        entries,
        classes=found.classifier.facts.classes,
        origin=origin,
        detections=detections and detections.results,
    )


def _tagged(table: pd.DataFrame) -> pd.DataFrame:
    """Adds how unfamiliar a picture is, as Camtrap DP's tags have it."""
    above = table["above_threshold"].fillna(value=False)
    tags = "unfamiliarity:" + table["unfamiliarity"].round(2).astype(str)
    return table.assign(tags=tags + np.where(above, " | no known species", ""))
