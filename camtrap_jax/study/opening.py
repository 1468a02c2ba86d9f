"""A run's folder: made once, refused to other data and settings, and cleared of what is ours."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from camtrap_jax.config import Config, config_differences, config_to_dict
from camtrap_jax.processes import gather, on_first
from camtrap_jax.run_folder import CLASSES, DatasetFolder, RunFolder
from camtrap_jax.store import read_json, write_json
from camtrap_jax.study.origin import describe_origin
from camtrap_jax.study.stages import STAGES, lock_name, locked

# These settings made the network: other ones are another run.
FIXED_SECTIONS = STAGES["train"].settings
# What --overwrite may delete: a run folder may hold files of the user's own.
RUN_FILES = (
    *STAGES,
    "checkpoints",
    "dataset",
    "leak",
    "synthetic",
    "classes.json",
    "config.json",
    "provenance.json",
    "weights.safetensors",
    lock_name("explain"),
)


def open_run(root: Path, dataset: DatasetFolder, config: Config) -> RunFolder:
    """Makes a run folder, or checks that the one there is of the same data and settings.

    Args:
      root: the run folder.
      dataset: the prepared images.
      config: all settings; those of the analyses and the report may differ from the folder's.

    Raises:
      ValueError: the folder was made with other data, model or training settings, or another
        process of this run sees other data.
    """
    for number, digest in enumerate(gather(dataset.digest)):
        if digest != dataset.digest:
            raise ValueError(
                f"{dataset.root}: process {number} sees another dataset there; all hosts need the "
                "same one under the same path"
            )
    on_first(lambda: _make_run_folder(root, dataset, config))
    return RunFolder(root)


def _make_run_folder(root: Path, dataset: DatasetFolder, config: Config) -> None:
    check_fixed_settings(root, config)
    path = root / "provenance.json"
    if path.exists() and read_json(path)["dataset_sha256"] != dataset.digest:
        raise ValueError(
            f"{root}: the folder was made with other data; choose another --workdir or start "
            "afresh with --overwrite"
        )
    if (
        not path.exists() or not RunFolder(root).has_network
    ):  # until then the settings may still change
        write_json(path, describe_origin(root, dataset, config))
    if not (root / CLASSES).exists():  # the digest says that they are the same
        write_json(root / CLASSES, {"known": dataset.classes, "unknown": dataset.unknown})
    write_json(root / "config.json", config_to_dict(config))


def check_fixed_settings(root: Path, config: Config) -> None:
    """Refuses a folder whose network was made with other settings.

    Raises:
      ValueError: lists every difference.
    """
    path = root / "config.json"
    if not path.exists() or not RunFolder(root).has_network:
        return
    old, new = read_json(path), config_to_dict(config)
    differences = config_differences(
        {name: old.get(name, {}) for name in FIXED_SECTIONS},
        {name: new[name] for name in FIXED_SECTIONS},
    )
    if differences:
        raise ValueError(
            f"{root}: the folder was made with other settings ({'; '.join(differences)}); choose "
            "another --workdir or start afresh with --overwrite"
        )


def remove_run(root: Path, *, keep: Path | None = None) -> None:
    """Deletes what a study writes, and nothing else, from a folder.

    Args:
      root: the run folder; one that no study began is left alone.
      keep: the source or dataset of the next run, which may lie inside.

    Raises:
      ValueError: another process is writing to it.
    """
    if not (root / "provenance.json").exists():
        marks = ("prepare.json", "truth.json")
        ours = [one for one in RUN_FILES if any((root / one / mark).exists() for mark in marks)]
        _remove(root, ours, keep)
        return
    with locked("explain", root):
        _remove(root, RUN_FILES, keep)


def _remove(root: Path, names: Iterable[str], keep: Path | None) -> None:
    kept = keep.resolve() if keep else None
    for name in names:
        path = root / name
        if kept and kept.is_relative_to(path.resolve()):
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
