"""What a run is made of, beside its settings: the rest of what repeating it takes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from camtrap_jax.config import Config
from camtrap_jax.mesh import describe_devices
from camtrap_jax.provenance import provenance
from camtrap_jax.run_folder import DatasetFolder
from camtrap_jax.store import hash_file


def describe_origin(root: Path, dataset: DatasetFolder, config: Config) -> dict[str, Any]:
    """Returns the content of a new run's `provenance.json`; starts the devices.

    Args:
      root: the run folder.
      dataset: the prepared images.
      config: all settings.

    Raises:
      FileNotFoundError: `model.init_from` names no file.
    """
    source, start = dataset.source, config.model.init_from
    return {
        "dataset": _place(dataset.root, root),
        "source": source and _place(source, root),
        "dataset_sha256": dataset.digest,
        "init_from_sha256": hash_file(Path(start)) if start else None,
        "devices": describe_devices(),
        **provenance(),
    }


def _place(path: Path, root: Path) -> str:
    """Writes a path relative to the run folder when it is inside, so that the run can be moved."""
    place, base = path.resolve(), root.resolve()
    return str(place.relative_to(base) if place.is_relative_to(base) else place)
