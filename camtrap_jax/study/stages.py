"""The stages of a study in order, what each depends on, and whether its results are up to date."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from camtrap_jax import __version__
from camtrap_jax.config import Config, config_to_dict
from camtrap_jax.processes import is_first, on_first
from camtrap_jax.report.page import write_report
from camtrap_jax.run_folder import RunFolder
from camtrap_jax.store import (
    check_file,
    hash_file,
    hash_json,
    lock_file,
    read_json,
    remove_all_leftovers,
    write_json,
)
from camtrap_jax.study.console import Console
from camtrap_jax.study.evaluation import evaluate_run
from camtrap_jax.study.explanation import explain_run
from camtrap_jax.study.novelty import check_near, measure_novelty
from camtrap_jax.study.quality import measure_quality
from camtrap_jax.study.training import train_run
from camtrap_jax.study.tree import build_tree, check_taxonomy
from camtrap_jax.study.truth import check_truth
from camtrap_jax.study.units import find_units


@dataclass(frozen=True)
class Stage:
    """One step of a study; its results are in RUN/NAME."""

    name: str
    run: Callable[[RunFolder, Config, Console], None]
    settings: tuple[str, ...]  # sections of the config that it reads, or single settings of them
    needs: tuple[str, ...]  # stages whose results it reads
    files: tuple[str, ...] = ()  # results of other commands that it reads where they are
    inputs: tuple[str, ...] = ()  # settings that name a file of the user's, which it reads, too
    is_joint: bool = False  # whether several processes compute it together
    is_locked: bool = False  # whether a second run of it is refused until the first has ended
    elsewhere: tuple[str, ...] = ()  # results outside its folder, deleted with the others
    check: Callable[[RunFolder, Config], None] | None = None  # of what only the run can tell

    def is_whole(self, run: RunFolder) -> bool:
        """Tells whether no file is missing that lies elsewhere; folders may be cleared."""
        paths = [run.root / name for name in self.elsewhere if Path(name).suffix]
        return all(path.exists() for path in paths)


def _quiet(function: Callable[[RunFolder, Config], None]) -> Callable[..., None]:
    """Adapts a stage that takes seconds and shows no progress."""
    return lambda run, config, _: function(run, config)


# What the centroids depend on; they are the same for every stage that measures against them.
_CENTROIDS = ("tree.images_per_species", "tree.seed")

STAGES = {
    stage.name: stage
    for stage in (
        Stage(
            "train",
            train_run,
            ("synthetic", "data", "model", "train"),
            (),
            is_joint=True,
            elsewhere=("checkpoints", "weights.safetensors"),
        ),
        Stage("explain", explain_run, ("explain",), ("train",), is_joint=True, is_locked=True),
        Stage(
            "quality",
            measure_quality,
            ("explain", "quality"),
            ("explain",),
            elsewhere=("explain/quality.json",),
        ),
        Stage("evaluate", _quiet(evaluate_run), ("evaluate", *_CENTROIDS), ("explain",)),
        Stage("units", _quiet(find_units), ("units",), ("explain",)),
        Stage(
            "tree",
            _quiet(build_tree),
            ("tree",),
            ("explain",),
            inputs=("tree.taxonomy",),
            check=check_taxonomy,
        ),
        Stage(
            "novelty",
            _quiet(measure_novelty),
            ("novelty", *_CENTROIDS),
            ("explain",),
            check=check_near,
        ),
        Stage(
            "truth",
            _quiet(check_truth),
            (),
            ("explain", "quality", "evaluate", "units", "tree", "novelty"),
        ),
        Stage(
            "report",
            _quiet(write_report),
            ("report",),
            ("train", "explain", "quality", "evaluate", "units", "tree", "novelty", "truth"),
            (
                "leak/accuracies.csv",
                *("dice/dice.csv", "dice/features.csv", "dice/dice.json", "dice/sheet.json"),
                *("dice/mask_dice.csv", "dice/mask_dice.json"),
            ),
        ),
    )
}

_MARK = "stage.json"  # of a stage that came to its end


def run_stage(
    name: str, run: RunFolder, config: Config, console: Console, *, afresh: bool = False
) -> bool:
    """Runs a stage unless its results are up to date.

    Several processes train and explain together; all else the first one does alone, while the
    others wait.

    Args:
      name: of the stage.
      run: the run folder.
      config: all settings.
      console: where progress is shown.
      afresh: whether results that are there are thrown away.

    Returns:
      Whether it ran.

    Raises:
      ValueError: a stage that it needs has not been run to its end with these settings, or another
        run of it is under way.
    """
    stage = STAGES[name]
    with locked(name, run.root):
        if not on_first(lambda: _begin(name, run, config, afresh=afresh)):
            console.say(f"{name}: up to date")
            return False
        if stage.is_joint:
            stage.run(run, config, console)
        else:
            on_first(lambda: stage.run(run, config, console))
        on_first(lambda: _finish(name, run, config))
    console.say(f"{name}: done, {run.root / name}")
    return True


@contextmanager
def locked(name: str, root: Path) -> Iterator[None]:
    """Refuses a second run of a stage; of several processes the first one holds the lock for all.

    Raises:
      ValueError: there is one.
    """
    if not (STAGES[name].is_locked and is_first()):
        yield
        return
    problem = f"{root / name}: another process is writing to it; wait for it to end"
    # Beside the folder, which may be deleted while the lock is held.
    with lock_file(root / lock_name(name), problem):
        yield


def lock_name(name: str) -> str:
    """Returns the file in a run folder that tells whether a stage is under way."""
    return f".{name}.lock"


def _begin(name: str, run: RunFolder, config: Config, *, afresh: bool) -> bool:
    """Notes that a stage runs, and discards results of other settings; tells whether it has to."""
    key = stage_key(name, run, config)
    for other in STAGES[name].needs:
        _check_finished(other, run, config)
    check_stage(name, run, config, afresh=afresh)  # before results are discarded
    if afresh and (run.root / name).exists():
        _discard_results(name, run)
    mark = run.root / name / _MARK
    if mark.exists() and _is_of(mark, name, run, config):
        if STAGES[name].is_whole(run):
            return False
    elif mark.exists():
        _discard_results(name, run)
    started = run.root / name / "started.json"
    remove_all_leftovers(run.root / name)
    if started.exists() and not _is_of(started, name, run, config):
        _discard_results(name, run)  # a half-done pass with other settings
    write_json(started, {"key": key})
    return True


def _finish(name: str, run: RunFolder, config: Config) -> None:
    (run.root / name / "started.json").unlink(missing_ok=True)
    key, inputs = stage_key(name, run, config), _hashes_of_inputs(name, run, config)
    write_json(run.root / name / _MARK, {"key": key, **({"inputs": inputs} if inputs else {})})


def stage_key(name: str, run: RunFolder, config: Config) -> str:
    """Hashes what a stage's results depend on: version, settings, data and the stages before."""
    stage = STAGES[name]
    files = [run.root / file for file in stage.files]
    return hash_json(
        {
            # A newer version must not throw away weeks of training.
            "version": None if name == "train" else __version__,
            "settings": {setting: _setting(config, setting) for setting in stage.settings},
            "needs": {other: stage_key(other, run, config) for other in stage.needs},
            "files": [hash_file(path) for path in files if path.exists()]
            + list(_hashes_of_inputs(name, run, config).values()),
            "dataset": run.provenance["dataset_sha256"],
        }
    )


def _setting(config: Config, name: str) -> Any:
    """Returns a section of the settings, or a single one, `section.name`."""
    section, _, key = name.partition(".")
    values = config_to_dict(config)[section]
    return values[key] if key else values


def _hashes_of_inputs(name: str, run: RunFolder, config: Config) -> dict[str, str | None]:
    """Hashes the files that settings name; one that is gone since counts as it was then.

    So a run may be moved to where the file is not, and its report be written there.
    """
    mark = run.root / name / _MARK
    known = read_json(mark).get("inputs", {}) if mark.exists() else {}
    paths = {setting: _setting(config, setting) for setting in STAGES[name].inputs}
    return {
        setting: hash_file(Path(path)) if Path(path).is_file() else known.get(setting)
        for setting, path in paths.items()
        if path
    }


def check_stage(name: str, run: RunFolder, config: Config, *, afresh: bool = False) -> None:
    """Checks the settings of a stage that is to run: whether they fit the run's species, too.

    Raises:
      OSError: a file that they name cannot be read.
      ValueError: they cannot be used.
    """
    if not afresh and _is_up_to_date(name, run, config):
        return
    check_inputs(name, run.root, config)
    if (check := STAGES[name].check) is not None:
        check(run, config)


def check_inputs(name: str, root: Path, config: Config) -> None:
    """Checks that the files are there that a stage's settings name.

    Raises:
      FileNotFoundError: one is not.
      IsADirectoryError: one is a folder.
      ValueError: one lies in the folder that the stage writes anew.
    """
    for setting in STAGES[name].inputs:
        value = _setting(config, setting)
        if not value:
            continue
        path = Path(value)
        check_file(path, setting)
        if path.resolve().is_relative_to((root / name).resolve()):
            raise ValueError(
                f"{path}: lies in the folder that `camtrap {name}` writes anew; copy it elsewhere, "
                f"and name the copy ({setting})"
            )


def _is_up_to_date(name: str, run: RunFolder, config: Config) -> bool:
    mark = run.root / name / _MARK
    return mark.exists() and _is_of(mark, name, run, config)


def _is_of(mark: Path, name: str, run: RunFolder, config: Config) -> bool:
    """Tells whether a mark is of these settings and data.

    A network's were compared one by one when the run was opened: its mark may be that of a version
    which knew fewer settings, and weeks of training are not thrown away for that.
    """
    if name == "train" and run.has_network:
        return True
    return read_json(mark).get("key") == stage_key(name, run, config)


def check_has_ended(name: str, run: RunFolder) -> None:
    """Refuses a stage that was not run, or was killed.

    Raises:
      ValueError: it did not come to its end.
    """
    if not (run.root / name / _MARK).exists():
        raise ValueError(f"{run.root / name}: not finished; run `camtrap {name}` first")


def _check_finished(name: str, run: RunFolder, config: Config) -> None:
    """Refuses results that a killed process left, or that other settings gave."""
    check_has_ended(name, run)
    if not _is_of(run.root / name / _MARK, name, run, config):
        raise ValueError(
            f"{run.root / name}: was made with other settings; run `camtrap {name}` again with "
            "these, or `camtrap study`"
        )


def _discard_results(name: str, run: RunFolder) -> None:
    shutil.rmtree(run.root / name)
    for other in STAGES[name].elsewhere:
        path = run.root / other
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
