"""The whole study: every stage in order, each only when its inputs changed."""

from __future__ import annotations

from pathlib import Path

from camtrap_jax.config import Config
from camtrap_jax.config_checks import validate
from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.data.summary import summary
from camtrap_jax.processes import on_first
from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.study.console import Console
from camtrap_jax.study.opening import check_fixed_settings, open_run
from camtrap_jax.study.stages import STAGES, check_inputs, check_stage, run_stage
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

    Several processes need a run folder, and a dataset or a source, that all of them see.

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
    on_first(lambda: _check_start(root, config))
    if dataset is None:
        dataset = root / "dataset"
        on_first(lambda: _prepare(source, root, config, console))
    run = open_run(root, DatasetFolder(dataset), config)
    on_first(lambda: _check_stages(run, config))
    for name in STAGES:
        run_stage(name, run, config, console)
    return run


def _check_start(root: Path, config: Config) -> None:
    """Refuses what would else end the study after minutes of drawing and preparing."""
    check_fixed_settings(root, config)
    start = config.model.init_from
    if start and not RunFolder(root).has_network and not Path(start).is_file():
        raise FileNotFoundError(f"{start}: no such file of weights (model.init_from)")
    for name in STAGES:
        if not (root / name / "stage.json").exists():
            check_inputs(name, root, config)


def _check_stages(run: RunFolder, config: Config) -> None:
    """Refuses, now that the species are known, what would else end the study after training."""
    for name in STAGES:
        check_stage(name, run, config)


def _prepare(source: Path | None, root: Path, config: Config, console: Console) -> None:
    """Prepares the source, or else drawn pictures, into RUN/dataset."""
    dataset = root / "dataset"
    is_new = prepare_dataset(
        source or _draw(root / "synthetic", config, console),
        dataset,
        config.data,
        may_change=not RunFolder(root).has_network,  # which was trained on the dataset as it is
        on_progress=console.progress("prepare"),
    )
    for line in summary(DatasetFolder(dataset)) if is_new else ():
        console.say(f"prepare: {line}")


def _draw(folder: Path, config: Config, console: Console) -> Path:
    progress = console.progress("synthesize")
    write_dataset(folder, config.synthetic, on_progress=progress)
    return folder
