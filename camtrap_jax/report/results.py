"""What the report reads of a run: every file may be missing, and its section then says so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import read_json, read_table

FILES = (
    "config.json",
    "provenance.json",
    "train/metrics.jsonl",
    "explain/explain.json",
    "explain/index.csv",
    "explain/maps_index.csv",
    "explain/quality.json",
    "quality/methods.csv",
    "quality/images.csv",
    "quality/cascade.csv",
    "quality/background.csv",
    "quality/background_cameras.csv",
    "evaluate/metrics.json",
    "evaluate/per_species.csv",
    "evaluate/confusion_matrix.csv",
    "evaluate/predictions.csv",
    "evaluate/per_camera.csv",
    "evaluate/per_light.csv",
    "evaluate/sequences.csv",
    "evaluate/confused_pairs.csv",
    "evaluate/reliability.csv",
    "evaluate/suspected_labels.csv",
    "units/information.csv",
    "units/top_units.csv",
    "units/species.csv",
    "units/background.csv",
    "units/redundancy.csv",
    "units/patches.csv",
    "units/units.json",
    "tree/centroids.csv",
    "tree/linkage.csv",
    "tree/linkage_with_unknown.csv",
    "tree/clusters.csv",
    "tree/placements.csv",
    "tree/comparison.csv",
    "tree/linkage_of_taxonomy.csv",
    "tree/taxonomy.nwk",
    "tree/embedding.csv",
    "tree/tree.json",
    "tree/tree.nwk",
    "tree/tree_with_unknown.nwk",
    "novelty/unfamiliarity.csv",
    "novelty/images.csv",
    "novelty/novelty.json",
    "novelty/scores.csv",
    "novelty/per_species.csv",
    "novelty/near_far.csv",
    "novelty/review.csv",
    "truth/truth.json",
    "leak/accuracies.csv",
    "dice/dice.csv",
    "dice/features.csv",
    "dice/agreement.csv",
    "dice/dice.json",
    "dice/sheet.json",
    "dice/mask_dice.csv",
    "dice/mask_dice_species.csv",
    "dice/mask_dice.json",
    "explain/stage.json",
)


@dataclass(frozen=True)
class Results:
    """A run's results, each read when a section asks for it."""

    run: RunFolder
    config: Config

    @cached_property
    def files(self) -> frozenset[str]:
        """The files of `FILES` that exist, as paths relative to the run."""
        return frozenset(name for name in FILES if (self.run.root / name).is_file())

    def table(self, name: str) -> pd.DataFrame | None:
        """Reads a table; None if its stage has not run."""
        return read_table(self.run.root / name) if name in self.files else None

    def rows(self, name: str) -> list[dict[str, Any]] | None:
        """Reads a table as one dictionary a row; None if its stage has not run."""
        table = self.table(name)
        return None if table is None else list(map(_with_text_keys, table.to_dict("records")))

    def shown(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Leaves out the images that no gallery may show."""
        return [row for row in rows if row["image_id"] not in self.run.hidden]

    def json(self, name: str) -> Any:
        """Reads JSON; an empty dictionary if its stage has not run."""
        return read_json(self.run.root / name) if name in self.files else {}

    @cached_property
    def manifest(self) -> pd.DataFrame:
        """The dataset's images without those that are excluded from the study."""
        manifest = self.run.dataset.manifest
        return manifest.loc[manifest["role"] != "excluded"]


def _with_text_keys(row: dict[Any, Any]) -> dict[str, Any]:
    return {str(name): value for name, value in row.items()}
