"""Flags that several commands share, and what they mean."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from absl import flags
from ml_collections import config_flags

from camtrap_jax.cli.overrides import check_overrides
from camtrap_jax.config import Config
from camtrap_jax.config_checks import problems_of
from camtrap_jax.export import FORMATS
from camtrap_jax.run_folder import RunFolder

FLAGS = flags.FLAGS
PATHS = (
    *("workdir", "source", "dataset", "output", "boxes", "import", "export"),
    *("descriptors", "ratings", "masks", "taxonomy"),
)


class UsageError(Exception):
    """The words of the command line are off."""


def define_config(*, required: bool = False, has_defaults: bool = False) -> None:
    """Defines `--config=FILE`, whose values `--config.a.b=value` overrides.

    Args:
      required: whether the command cannot do without the flag.
      has_defaults: whether without a file there are the default settings, to be overridden too.
    """
    default = str(Path(__file__).with_name("default_settings.py")) if has_defaults else None
    config_flags.DEFINE_config_file(
        "config", default, "file whose get_config() returns the settings; --config.a.b=v overrides"
    )
    if required:
        flags.mark_flag_as_required("config")


def define_workdir() -> None:
    """Defines `--workdir=RUN`."""
    flags.DEFINE_string("workdir", None, "the run folder", required=True)


def define_overwrite() -> None:
    """Defines `--overwrite`."""
    flags.DEFINE_bool("overwrite", False, "start afresh: delete what this command wrote before")


def define_processes() -> None:
    """Defines the flags of a run in several processes."""
    flags.DEFINE_string(
        "coordinator_address",
        "",
        "HOST:PORT of process 0 of several; auto: in a Slurm job, on a TPU pod, under Open MPI or "
        "Kubernetes, where the numbers are found, too",
    )
    flags.DEFINE_integer("num_processes", 1, "how many processes run this command", lower_bound=1)
    flags.DEFINE_integer("process_id", 0, "which of them this is, from 0", lower_bound=0)
    flags.register_multi_flags_validator(
        ("coordinator_address", "num_processes", "process_id"), _check_processes
    )


def _check_processes(values: dict[str, Any]) -> bool:
    address, count = values["coordinator_address"], values["num_processes"]
    host, _, port = address.rpartition(":")
    if address in ("", "auto"):
        if count > 1 or values["process_id"]:
            raise flags.ValidationError(
                "--num_processes and --process_id: expected with --coordinator_address=HOST:PORT"
            )
    elif not (host and port.isdecimal()):
        raise flags.ValidationError(f"expected HOST:PORT or auto, got {address!r}")
    elif values["process_id"] >= count:
        raise flags.ValidationError(
            f"--process_id: expected 0 to {count - 1}, as there are {count}, "
            f"got {values['process_id']}"
        )
    return True


def define_export_formats(*, default: tuple[str, ...]) -> None:
    """Defines `--format=A,B`, the files of other programs that are written."""
    names = ", ".join(FORMATS)
    flags.DEFINE_list("format", list(default), f"files for other programs, of {names}")
    flags.register_validator(
        "format", lambda given: set(given) <= {*FORMATS}, message=f"expected some of {names}"
    )


def parse(argv: list[str], command: ModuleType) -> None:
    """Parses the flags behind a command.

    Raises:
      UsageError: an unknown flag, a missing one, a wrong type, a stray word, or a bad config file.
    """
    words = argv[2:]
    overrides = check_overrides(words)
    sys.argv[2:] = overrides.words  # where config_flags looks for overrides
    command.define_flags()
    if any(word in ("--help", "-h", "--helpfull") for word in words):
        modules = dict.fromkeys((__name__, command.__name__))
        print("\n".join([f"{command.__doc__}\n", *map(FLAGS.module_help, modules)]))
        sys.exit(0)
    is_given = any(word.lstrip("-").partition("=")[0] == "config" for word in words)
    has_config = is_given or ("config" in FLAGS and FLAGS["config"].default is not None)
    if overrides.names and not has_config:
        raise UsageError(
            f"{overrides.names[0]}: overrides a setting of a file; give --config=FILE too"
        )
    try:
        rest = FLAGS([f"camtrap {argv[1]}", *overrides.words])
    except Exception as error:  # the file of --config is a program, and may fail as one
        lines = str(error).strip().splitlines() or [type(error).__name__]
        is_flag = isinstance(error, flags.Error) and "Traceback" not in str(error)
        raise UsageError(" ".join(lines) if is_flag else f"--config: {lines[-1]}") from None
    if len(rest) > 1:
        raise UsageError(f"expected flags only, got {rest[1]!r}")
    _check_paths()
    _check_config()
    if overrides.problems:
        others = problems_of(FLAGS.config) if has_config else []
        raise UsageError("; ".join([*overrides.problems, *others]))


def _check_paths() -> None:
    """Refuses paths that are empty, one or in a list, and expands what begins with a tilde."""
    for name in PATHS:
        value = FLAGS[name].value if name in FLAGS else None
        if value is None:
            continue
        paths = value if isinstance(value, list) else [value]
        if not paths or "" in paths:
            raise UsageError(f"--{name}: expected a path, got nothing")
        # Shells leave a tilde behind "=" as it is.
        expanded = [str(Path(path).expanduser()) for path in paths]
        FLAGS[name].value = expanded if isinstance(value, list) else expanded[0]


def _check_config() -> None:
    if "config" in FLAGS and FLAGS["config"].present and not isinstance(FLAGS.config, Config):
        path = config_flags.get_config_filename(FLAGS["config"])
        if not Path(path).is_file():
            raise UsageError(f"--config={path}: no such file")
        raise UsageError(f"--config={path}: get_config() returns no camtrap_jax.config.Config")


def config_given() -> Config:
    """Returns the settings of `--config`."""
    return FLAGS.config


def check_exists(path: Path | None) -> None:
    """Checks the images of a new run before an old one is deleted for it.

    Raises:
      FileNotFoundError: nothing is there.
    """
    if path and not path.exists():
        raise FileNotFoundError(f"{path}: no such file or folder; nothing was deleted")


def open_existing_run() -> tuple[RunFolder, Config]:
    """Opens the run of `--workdir`, with the settings of `--config` or else its own.

    Raises:
      FileNotFoundError: there is no run.
    """
    run = RunFolder(Path(FLAGS.workdir))
    own = run.config
    return run, FLAGS.config or own
