"""The test images' predictions in the files of other camera-trap programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from camtrap_jax import __version__
from camtrap_jax.export import (
    Origin,
    whole_image_entries,
    write_camtrap_dp,
    write_megadetector,
)
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import write_table
from camtrap_jax.study.classifier import calibrated_probabilities, temperature_of
from camtrap_jax.study.console import Console
from camtrap_jax.study.sample import finite_array, split_images


def export_evaluation(run: RunFolder, formats: tuple[str, ...], console: Console) -> None:
    """Writes RUN/evaluate/megadetector.json or RUN/evaluate/camtrap_dp.

    A picture that is stored under several labels is in them once. Probabilities are calibrated
    where there are validation images.

    Raises:
      ValueError: no picture has the time that Camtrap DP requires.
    """
    test, rows, _ = split_images(run.index, "test", run.classes)
    first = ~test["filepath"].duplicated()
    test, rows = test.loc[first].reset_index(drop=True), rows[first.to_numpy()]
    logits = finite_array(run, "logits")[rows]
    probabilities = calibrated_probabilities(logits, temperature_of(run))
    folder = run.root / "evaluate"
    explained = (run.root / "explain" / "stage.json").stat().st_mtime
    origin = Origin(origin_name(run.config.model.name), datetime.fromtimestamp(explained, UTC))
    if "megadetector" in formats:
        path = folder / "megadetector.json"
        answers = dict(zip(test["filepath"], probabilities, strict=True))
        entries = whole_image_entries(answers, {})
        write_megadetector(path, entries, classes=run.classes, origin=origin)
        console.say(f"evaluate: {path}")
    if "camtrap_dp" in formats:
        table = test[["filepath", "datetime", "camera", "sequence"]].assign(
            predicted=np.array(run.classes, object)[probabilities.argmax(axis=1)],
            probability=probabilities.max(axis=1),
        )
        left_out = write_camtrap_dp(folder / "camtrap_dp", table, origin)
        report_left_out(folder / "camtrap_dp", left_out, console, "evaluate")


def report_left_out(folder: Path, left_out: pd.DataFrame, console: Console, command: str) -> None:
    """Names a Camtrap DP package, and what is not in it, in `left_out.csv` beside its tables."""
    if len(left_out):
        write_table(folder / "left_out.csv", left_out)
    some = f", without {len(left_out)} pictures (left_out.csv)" if len(left_out) else ""
    console.say(f"{command}: {folder}{some}")


def origin_name(network: str) -> str:
    """Names the software and its network."""
    return f"camtrap_jax {__version__}, {network}"
