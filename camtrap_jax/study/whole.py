"""The whole study: every stage in order, each only when its inputs changed."""

from __future__ import annotations

from pathlib import Path

from camtrap_jax.config import Config
from camtrap_jax.config_checks import validate
from camtrap_jax.data.prepare import prepare_dataset
from camtrap_jax.data.summary import summary
from camtrap_jax.run_folder import DatasetFolder, RunFolder
from camtrap_jax.study.console import Console
from camtrap_jax.study.stages import STAGES, check_fixed_settings, has_network, open_run, run_stage
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
    start = config.model.init_from  # checked before minutes of drawing and preparing
    if start and not has_network(root) and not Path(start).is_file():
        raise FileNotFoundError(f"{start}: no such file of weights (model.init_from)")
    if dataset is None:
        source = source or _draw(root / "synthetic", config, console)
        dataset = root / "dataset"
        progress = console.progress("prepare")
        is_new = prepare_dataset(
            source,
            dataset,
            config.data,
            may_change=not has_network(root),  # which was trained on the dataset as it is
            on_progress=progress,
        )
        for line in summary(DatasetFolder(dataset)) if is_new else ():
            console.say(f"prepare: {line}")
    run = open_run(root, DatasetFolder(dataset), config)
    for name in STAGES:
        run_stage(name, run, config, console)
    return run


def _draw(folder: Path, config: Config, console: Console) -> Path:
    progress = console.progress("synthesize")
    write_dataset(folder, config.synthetic, on_progress=progress)
    return folder
