"""The whole study: every stage in order, each only when its inputs changed."""

from __future__ import annotations

from pathlib import Path

from camtrap_jax.config import Config, config_differences, config_to_dict, validate
from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.store import read_json, write_json
from camtrap_jax.study.console import Console
from camtrap_jax.study.stages import STAGES, check_fixed_settings, open_run, run_stage
from camtrap_jax.synthetic.dataset import write_dataset


def run_study(
    root: Path,
    config: Config,
    console: Console,
    *,
    source: Path | None = None,
    dataset: Path | None = None,
) -> RunFolder:
    """Carries out the study in a run folder; run again, it does only what is not up to date.

    Args:
      root: the run folder.
      config: all settings.
      console: where progress is shown.
      source: images to prepare into RUN/dataset.
      dataset: a prepared dataset. With neither, synthetic images are drawn into RUN/synthetic.

    Raises:
      ValueError: bad settings or input, or a folder of another study.
    """
    if source and dataset:
        raise ValueError("study: give --source or --dataset, not both")
    validate(config)
    check_fixed_settings(root, config)
    if dataset is None:
        source = source or synthesize(root / "synthetic", config, console)
        dataset = root / "dataset"
        prepare(source, dataset, config, console)
    run = open_run(root, DatasetFolder(dataset), config, source=source)
    for name in STAGES:
        run_stage(name, run, config, console)
    return run


def synthesize(folder: Path, config: Config, console: Console) -> Path:
    """Draws the synthetic images unless they are there; returns their folder.

    Raises:
      ValueError: they were drawn with other settings.
    """
    record = folder.with_name("synthetic.json")
    wanted = {"synthetic": config_to_dict(config)["synthetic"]}
    if not (folder / "truth.json").exists():
        write_json(record, wanted)
        write_dataset(folder, config.synthetic, on_progress=console.progress("synthesize"))
    elif record.exists() and (differences := config_differences(read_json(record), wanted)):
        raise ValueError(
            f"{folder}: was drawn with other settings ({'; '.join(differences)}); choose another "
            "--workdir or start afresh with --overwrite"
        )
    return folder


def prepare(source: Path, dataset: Path, config: Config, console: Console) -> None:
    """Prepares images unless that is done already."""
    prepare_dataset(source, dataset, config.data, on_progress=console.progress("prepare"))
