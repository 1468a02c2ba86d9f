"""Where the files of `dice` lie in a run."""

from __future__ import annotations

from pathlib import Path

from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json

SHEET = "scoring_sheet.html"


def dice_folder(run: RunFolder) -> Path:
    """Returns RUN/dice."""
    return run.root / "dice"


def explained_key(run: RunFolder) -> str:
    """Returns the mark of the maps: it changes when `explain` makes others."""
    return read_json(run.root / "explain" / "stage.json")["key"]
