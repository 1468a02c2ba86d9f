"""Flags that several commands share, and what they mean."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

from absl import flags
from ml_collections import config_flags

from camtrap_jax.config import Config
from camtrap_jax.run_folder import RunFolder

FLAGS = flags.FLAGS


class UsageError(Exception):
    """The words of the command line are off."""


def define_config(*, required: bool = False) -> None:
    """Defines `--config=FILE`, whose values `--config.a.b=value` overrides."""
    config_flags.DEFINE_config_file(
        "config", None, "file whose get_config() returns the settings; --config.a.b=v overrides"
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
    """Defines the flags of a run over several hosts."""
    flags.DEFINE_string("coordinator_address", "", "host:port of process 0 of several")
    flags.DEFINE_integer("num_processes", 1, "how many processes run this command", lower_bound=1)
    flags.DEFINE_integer("process_id", 0, "which of them this is, from 0", lower_bound=0)


def parse(argv: list[str], command: ModuleType) -> None:
    """Parses the flags behind a command.

    Raises:
      UsageError: an unknown flag, a missing one, a wrong type, or a stray word.
    """
    command.define_flags()
    name = f"camtrap {argv[1]}"
    if any(word in ("--help", "-h", "--helpfull") for word in argv[2:]):
        print(f"{command.__doc__}\n\n{FLAGS.module_help(command.__name__) or FLAGS.get_help()}")
        sys.exit(0)
    try:
        rest = FLAGS([name, *argv[2:]])
    # config_flags raises these for a file that is missing and a setting that does not exist.
    except (flags.Error, AttributeError, KeyError, TypeError, ValueError, OSError) as error:
        raise UsageError(" ".join(str(error).split())) from None
    if len(rest) > 1:
        raise UsageError(f"expected flags only, got {rest[1]!r}")


def config_given() -> Config:
    """Returns the settings of `--config`."""
    return FLAGS.config


def open_existing_run() -> tuple[RunFolder, Config]:
    """Opens the run of `--workdir`, with the settings of `--config` or else its own.

    Raises:
      FileNotFoundError: there is no run.
    """
    run = RunFolder(Path(FLAGS.workdir))
    own = run.config
    return run, FLAGS.config or own
